// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Rows as wide as PostgreSQL lets them be, by columns and by values. */
@MigrationTest
class WideRowsIT {
    /** PostgreSQL docs, appendix K: the most columns that a table can have. */
    private static final int COLUMNS = 1_600;

    /** Characters of text, none of which compresses away the way it is stored. */
    private static final int TEXT = MigrationHarness.SOAK ? 250_000_000 : 6_000_000;

    private static final String WIDE =
            "(SELECT string_agg(md5(g::text), '') FROM generate_series(%d, %d) g)";

    private final MigrationHarness harness;

    WideRowsIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void asManyColumnsAsATableCanHave() {
        Database source = harness.database(15, "columns_source");
        Database target = harness.database(18, "columns_target");
        String columns =
                IntStream.range(1, COLUMNS - 2)
                        .mapToObj(i -> "c%d %s".formatted(i, type(i)))
                        .collect(Collectors.joining(", "));
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE keyed (id int PRIMARY KEY, %s, short text, long text)"
                            .formatted(columns),
                    "CREATE TABLE heap (id int, %s, short text, long text)".formatted(columns),
                    "ALTER TABLE keyed ALTER long SET STORAGE EXTERNAL",
                    "ALTER TABLE heap REPLICA IDENTITY FULL");
        }
        String values =
                IntStream.range(1, COLUMNS - 2)
                        .mapToObj(WideRowsIT::value)
                        .collect(Collectors.joining(", "));
        String rows =
                "INSERT INTO %s SELECT g, "
                        + values
                        + ", 'short', repeat('long', 2000) FROM generate_series(%d, %d) g";
        for (String table : List.of("keyed", "heap")) {
            source.execute(rows.formatted(table, 1, 300));
        }

        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        for (String table : List.of("keyed", "heap")) {
            source.execute(
                    rows.formatted(table, 301, 500),
                    "UPDATE %s SET c4 = 7, c1597 = NULL WHERE id %% 3 = 0".formatted(table),
                    "UPDATE %s SET id = id + 1000, short = NULL WHERE id %% 10 = 0"
                            .formatted(table),
                    "UPDATE %s SET long = repeat(id::text, 3000) WHERE id %% 7 = 0"
                            .formatted(table),
                    "DELETE FROM %s WHERE id %% 5 = 1".formatted(table));
        }
        migration.cutOver(true);

        MigrationHarness.requireEqual(source, target);
        assertThat(target.number("SELECT count(*) FROM keyed")).isEqualTo(400);
    }

    @Test
    void valuesWiderThanAnyRecordOfTheLog() {
        Database source = harness.database(15, "wide_source");
        Database target = harness.database(18, "wide_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR, "CREATE TABLE wide (id int PRIMARY KEY, n int, words text)");
        }
        String first = WIDE.formatted(1, TEXT / 32);
        source.execute("INSERT INTO wide VALUES (1, 1, %s)".formatted(first));

        long start = System.nanoTime();
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        long ready = System.nanoTime();
        source.execute(
                "INSERT INTO wide VALUES (2, 1, %s)".formatted(WIDE.formatted(7, TEXT / 32)),
                "INSERT INTO wide VALUES (3, 1, %s)".formatted(first),
                "UPDATE wide SET n = 2",
                "UPDATE wide SET id = id + 10, n = 3 WHERE id = 1",
                "UPDATE wide SET words = reverse(words) WHERE id = 2",
                "DELETE FROM wide WHERE id = 3");
        migration.await("all applied", Duration.ofMinutes(10), status -> status.applied() == 8);
        migration.cutOver(true);

        MigrationHarness.say(
                "values of %d characters: %d s to ready, %d s to the end",
                TEXT,
                Duration.ofNanos(ready - start).toSeconds(),
                Duration.ofNanos(System.nanoTime() - ready).toSeconds());
        MigrationHarness.requireEqual(source, target);
        assertThat(target.query("SELECT id, n, length(words) FROM wide ORDER BY id"))
                .isEqualTo(source.query("SELECT id, n, length(words) FROM wide ORDER BY id"))
                .hasSize(2);
    }

    private static String type(int column) {
        return List.of("smallint", "boolean", "\"char\"", "integer").get(column % 4);
    }

    private static String value(int column) {
        return List.of("g %% 100", "g %% 2 = 0", "'c'", "NULLIF(g %% 6, 0)").get(column % 4);
    }
}
