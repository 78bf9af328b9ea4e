// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Databases with very many tables, under the servers' own limits for locks and connections. */
@MigrationTest
class ManyTablesIT {
    private static final int TABLES = MigrationHarness.SOAK ? 5_000 : 400;

    /** Of one transaction, so that its locks fit. */
    private static final int CREATED_AT_ONCE = 200;

    private final MigrationHarness harness;

    ManyTablesIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void eachOfThemArrives() {
        // Given
        Database source = harness.database(15, "many_source");
        Database target = harness.database(18, "many_target");
        for (Database database : List.of(source, target)) {
            for (int from = 1; from <= TABLES; from += CREATED_AT_ONCE) {
                database.executeAs(
                        Roles.MIGRATOR,
                        """
                        DO $$ BEGIN FOR i IN %d..%d LOOP EXECUTE format(
                          'CREATE TABLE t_%%s (id bigserial PRIMARY KEY, v text)', i); END LOOP; END $$
                        """
                                .formatted(from, Math.min(TABLES, from + CREATED_AT_ONCE - 1)));
            }
        }
        forEach(
                source,
                "INSERT INTO t_%1$s (v) SELECT ''row '' || g FROM generate_series(1, %1$s %% 4) g");

        // When
        long start = System.nanoTime();
        RunningMigration migration = harness.migrate(source, target);
        migration.await(
                "ready",
                Duration.ofMinutes(20),
                status -> status.state().equals("ready_to_cutover"));
        long ready = System.nanoTime();
        forEach(source, "INSERT INTO t_%s (v) VALUES (''in the sync'')");
        forEach(source, "UPDATE t_%s SET v = v || ''!'' WHERE id = 1");
        DatabaseStatus end = migration.cutOver(true);

        // Then
        assertThat(end.applied()).isEqualTo(end.incoming()).isEqualTo(2L * TABLES);
        MigrationHarness.say(
                "%d tables: %d s to ready, %d s to the end",
                TABLES,
                Duration.ofNanos(ready - start).toSeconds(),
                Duration.ofNanos(System.nanoTime() - ready).toSeconds());
        MigrationHarness.requireEqual(source, target);
    }

    /** A statement for each table, in transactions of some of them. */
    private static void forEach(Database database, String statement) {
        for (int from = 1; from <= TABLES; from += CREATED_AT_ONCE) {
            database.execute(
                    "DO $$ BEGIN FOR i IN %d..%d LOOP EXECUTE format('%s', i); END LOOP; END $$"
                            .formatted(
                                    from, Math.min(TABLES, from + CREATED_AT_ONCE - 1), statement));
        }
    }
}
