// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.HeldLock;
import dev.godwit.tests.harness.LogWitness;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.harness.Services;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Shop;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Transactions of two phases (PostgreSQL docs, PREPARE TRANSACTION): no session holds them, and
 * they are decoded where they are committed, not where they are prepared.
 */
@MigrationTest(Mode.PROCESSES)
class PreparedIT {
    private final MigrationHarness harness;
    private final Services.AsProcesses processes;
    private final Database source;
    private final Database target;

    PreparedIT(MigrationHarness harness) {
        this.harness = harness;
        processes = harness.processes();
        source = harness.database(15, "prepared_source");
        target = harness.database(18, "prepared_target");
    }

    @BeforeEach
    void fill() {
        Shop.fill(Shop.create(source), 200);
        Shop.create(target);
    }

    @Test
    void theStartSaysWhichItWaitsFor() {
        prepare("before 'the' start", "INSERT INTO scratch VALUES (1, 'before the start')");
        prepare("undone", "UPDATE scratch SET what = 'undone'", "DELETE FROM label");

        RunningMigration migration = harness.migrate(source, target);
        migration.await(
                "both are named",
                status -> {
                    String waiting = status.json().path("waitingFor").toString();
                    return waiting.contains("COMMIT PREPARED 'before ''the'' start'")
                            && waiting.contains("ROLLBACK PREPARED 'undone'");
                });
        source.execute("COMMIT PREPARED 'before ''the'' start'");
        source.execute("ROLLBACK PREPARED 'undone'");

        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
        assertThat(target.value("SELECT what FROM scratch WHERE id = 1"))
                .isEqualTo("before the start");
    }

    @Test
    void thoseOfTheSyncOutliveCaptureAndApply() {
        RunningMigration migration = harness.migrate(source, target);
        try (LogWitness witness = LogWitness.of(harness, migration)) {
            migration.awaitState("ready_to_cutover");
            prepare(
                    "kept",
                    "INSERT INTO scratch SELECT i, 'kept' FROM generate_series(1, 500) i",
                    "UPDATE label SET words = 'kept' WHERE code = 'code 1'");
            prepare("undone", "DELETE FROM label WHERE code = 'code 2'");
            prepare("kept later", "INSERT INTO scratch VALUES (1001, 'later')");
            source.execute("INSERT INTO scratch VALUES (1000, 'in between')");
            migration.await("captured", status -> status.applied() == 1);

            for (Service service : List.of(Service.CAPTURE, Service.APPLY)) {
                processes.kill(service);
                processes.start(service);
            }
            source.execute("UPDATE scratch SET what = 'after the kill'");
            migration.await("captured", status -> status.applied() == 2);
            source.execute("COMMIT PREPARED 'kept'");
            source.execute("ROLLBACK PREPARED 'undone'");
            migration.await("applied", status -> status.applied() == 503);
            processes.kill(Service.CAPTURE);
            source.execute("COMMIT PREPARED 'kept later'");
            processes.start(Service.CAPTURE);
            migration.await("applied", status -> status.applied() == 504);

            migration.cutOver(false);
            witness.requireSound();
        }
        MigrationHarness.requireEqual(source, target);
        assertThat(target.number("SELECT count(*) FROM scratch")).isEqualTo(502);
        assertThat(target.value("SELECT words FROM label WHERE code = 'code 1'")).isEqualTo("kept");
    }

    private void prepare(String gid, String... statements) {
        try (HeldLock transaction = HeldLock.of(source, statements)) {
            transaction.execute("PREPARE TRANSACTION '%s'".formatted(gid.replace("'", "''")));
        }
    }
}
