// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What old servers lack is refused in words, or made up for. */
@MigrationTest
class VersionsIT {
    private final MigrationHarness harness;

    VersionsIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void refusesASourceBefore10BeforeTheStart() {
        Database source = harness.database(9, "old_source");
        Database target = harness.database(18, "old_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(Roles.MIGRATOR, "CREATE TABLE item (id int PRIMARY KEY, what text)");
        }

        DatabaseStatus refused = harness.migrate(source, target).awaitState("failed");

        assertThat(refused.failureCode()).isEqualTo("SOURCE_TOO_OLD");
        assertThat(refused.failureWhat()).isEqualTo("the source is PostgreSQL 9.6");
        assertThat(refused.json().path("failure").path("remedy").asText())
                .contains("pgoutput", "pg_upgrade", "pg_dump");
        assertThat(target.query("SELECT nspname FROM pg_namespace WHERE nspname = 'godwit'"))
                .isEmpty();
    }

    /** Logical decoding of 10 tells of no TRUNCATE. */
    @Test
    void loadsAgainWhat10Truncates() {
        // Given
        Database source = harness.database(10, "truncate_source");
        Database target = harness.database(18, "truncate_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE emptied (id int PRIMARY KEY, what text UNIQUE)",
                    "CREATE TABLE refilled (id int PRIMARY KEY, what text)",
                    "CREATE TABLE other (id int PRIMARY KEY, what text)");
        }
        for (String table : List.of("emptied", "refilled", "other")) {
            source.execute(
                    "INSERT INTO %s SELECT i, 'w' || i FROM generate_series(1, 50) i"
                            .formatted(table));
        }
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        // When
        source.execute("UPDATE emptied SET what = 'x' || id", "TRUNCATE emptied");
        source.transact(
                "TRUNCATE refilled", "INSERT INTO refilled VALUES (51, 'new'), (52, 'new')");
        source.execute("INSERT INTO other VALUES (51, 'new')");

        // Then
        migration.await(
                "both tables again",
                status ->
                        target.number("SELECT count(*) FROM emptied") == 0
                                && target.number("SELECT count(*) FROM refilled") == 2);
        source.execute("INSERT INTO emptied VALUES (1, 'w1')", "UPDATE refilled SET what = 'n'");
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }
}
