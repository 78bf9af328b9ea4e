// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.compare.Catalog;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Keys whose last column is a period that must not overlap, foreign keys with a period, and
 * constraints that are not enforced (PostgreSQL 18).
 */
@MigrationTest
class TemporalKeysIT {
    private static final int VERSION = 18;

    private final MigrationHarness harness;

    TemporalKeysIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void findTheirRowsAndComeBackAsTheyWere() {
        // Given
        Database source = harness.database(VERSION, "temporal_source");
        Database target = harness.database(VERSION, "temporal_target");
        for (Database database : List.of(source, target)) {
            create(database);
        }
        source.execute(
                "INSERT INTO room SELECT i, daterange('2026-01-01', '2026-02-01'), i, 'winter' FROM generate_series(1, 60) i",
                "INSERT INTO room SELECT i, daterange('2026-02-01', NULL), i, 'later' FROM generate_series(1, 60) i",
                "INSERT INTO room_full SELECT * FROM room",
                "INSERT INTO shelf SELECT 'shelf ' || i % 5, int4multirange(int4range(i, i + 1), int4range(i + 100, i + 101)), i FROM generate_series(1, 60) i",
                "INSERT INTO lease SELECT i, i % 7, int4range(i * 10, i * 10 + 10), 'l' FROM generate_series(1, 60) i",
                "INSERT INTO stay SELECT i, i, daterange('2026-01-20', '2026-02-20'), -i FROM generate_series(1, 40) i",
                "INSERT INTO leaf_of SELECT i % 2, int4range(i, i + 1), i FROM generate_series(1, 40) i");
        List<String> before = Catalog.of(target);

        // When
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute(changes(1));
        migration.awaitNothingPending();
        source.transact(changes(2));
        migration.cutOver(false);

        // Then
        MigrationHarness.requireEqual(source, target);
        assertThat(Catalog.of(target)).isEqualTo(before);
    }

    private static void create(Database database) {
        database.execute("CREATE EXTENSION btree_gist SCHEMA public");
        database.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE room (id int, valid daterange, n int, note text, PRIMARY KEY (id, valid WITHOUT OVERLAPS))",
                "CREATE TABLE room_full (LIKE room INCLUDING ALL)",
                "ALTER TABLE room_full REPLICA IDENTITY FULL",
                "CREATE TABLE shelf (code text, valid int4multirange, n int, PRIMARY KEY (code, valid WITHOUT OVERLAPS))",
                "CREATE TABLE lease (id int PRIMARY KEY, room int NOT NULL, valid int4range NOT NULL, note text)",
                "ALTER TABLE lease ADD CONSTRAINT once UNIQUE (room, valid WITHOUT OVERLAPS)",
                "ALTER TABLE lease REPLICA IDENTITY USING INDEX once",
                """
                CREATE TABLE stay (id int PRIMARY KEY, room int, valid daterange, n int CHECK (n > 0) NOT ENFORCED,
                  FOREIGN KEY (room, PERIOD valid) REFERENCES room (id, PERIOD valid),
                  CONSTRAINT wish FOREIGN KEY (n) REFERENCES stay NOT ENFORCED,
                  UNIQUE (room, valid WITHOUT OVERLAPS))
                """,
                "CREATE TABLE leaf_of (k int, valid int4range, n int, PRIMARY KEY (k, valid WITHOUT OVERLAPS)) PARTITION BY LIST (k)",
                "CREATE TABLE leaf_0 PARTITION OF leaf_of FOR VALUES IN (0)",
                "CREATE TABLE leaf_1 PARTITION OF leaf_of FOR VALUES IN (1)");
    }

    /** What one time changes, another does not find. */
    private static String[] changes(int time) {
        List<String> changes = new ArrayList<>();
        changes.add("DELETE FROM stay WHERE room % 10 = :time");
        for (String room : List.of("room", "room_full")) {
            // The border between two periods moves, so that each overlaps what the other was.
            for (String change :
                    List.of(
                            "UPDATE :room SET valid = '[2026-01-01,2026-01-10)' WHERE id % 10 = :time AND NOT upper_inf(valid)",
                            "UPDATE :room SET valid = '[2026-01-10,)' WHERE id % 10 = :time AND upper_inf(valid)",
                            "UPDATE :room SET n = n * 2 WHERE id % 10 = :time",
                            "UPDATE :room SET note = 'first' WHERE id % 10 = :time AND NOT upper_inf(valid)",
                            "DELETE FROM :room WHERE id % 20 = :time AND upper_inf(valid)",
                            "INSERT INTO :room SELECT i, '[2026-01-10,2026-01-11)', i, 'a day' FROM generate_series(:time, 60, 20) i",
                            "UPDATE :room SET id = id + 1000, valid = '[2025-01-01,2026-06-01)' WHERE id % 20 = :time AND note = 'a day'")) {
                changes.add(change.replace(":room", room));
            }
        }
        changes.addAll(
                List.of(
                        "UPDATE shelf SET n = -n",
                        "UPDATE shelf SET valid = valid + '{[900,901)}' WHERE abs(n) = 3 + :time",
                        "DELETE FROM shelf WHERE abs(n) = 20 + :time",
                        "INSERT INTO shelf SELECT code, '{[500,501)}', :time FROM shelf WHERE abs(n) = 10 + :time",
                        "UPDATE shelf SET valid = '{[600,700),[800,801)}' WHERE valid = '{[500,501)}'",
                        "UPDATE lease SET note = note || '!'",
                        "UPDATE lease SET valid = int4range(lower(valid) + 5, upper(valid) + 5) WHERE id % 2 = :time % 2",
                        "UPDATE lease SET note = note || '?' WHERE room = 3",
                        "UPDATE lease SET room = room + 100 WHERE room = :time",
                        "DELETE FROM lease WHERE room = 3 + :time AND id % 3 = 0",
                        "UPDATE stay SET n = n - 1",
                        "UPDATE leaf_of SET n = -n",
                        "UPDATE leaf_of SET k = 1 - k, valid = int4range(lower(valid) + 1000, NULL) WHERE valid @> 7 + :time"));
        return changes.stream()
                .map(change -> change.replace(":time", Integer.toString(time)))
                .toArray(String[]::new);
    }

    @Test
    void aRowThatOnlyOverlapsIsNotTheOneThatChanged() {
        // Given
        Database source = harness.database(VERSION, "overlap_source");
        Database target = harness.database(VERSION, "overlap_target");
        for (Database database : List.of(source, target)) {
            create(database);
        }
        source.execute("INSERT INTO room VALUES (1, '[2026-01-01,2026-02-01)', 1, 'exact')");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        target.execute("UPDATE room SET valid = '[2026-01-05,2026-03-01)', note = 'another'");

        // When
        source.execute("UPDATE room SET n = 2");
        DatabaseStatus stopped = migration.awaitState("failed");

        // Then
        assertThat(stopped.failureWhat()).contains("room");
        assertThat(target.query("SELECT n, note FROM room")).containsExactly("1|another");
        target.execute("UPDATE room SET valid = '[2026-01-01,2026-02-01)', note = 'exact'");
        migration.expect202(migration.retry());
        migration.awaitState("ready_to_cutover");
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }
}
