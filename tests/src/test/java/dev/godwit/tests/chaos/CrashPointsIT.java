// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.LogWitness;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.harness.Services;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Newcomer;
import dev.godwit.tests.workload.Shop;
import dev.godwit.tests.workload.Writer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * One migration under a writer, in the sync of which a table is added, and in which a service dies
 * once at each of its crash points, one after the other.
 */
@MigrationTest(Mode.PROCESSES)
class CrashPointsIT {
    private static final int ROWS = 5_000;

    private final MigrationHarness harness;
    private final Services.AsProcesses processes;

    CrashPointsIT(MigrationHarness harness) {
        this.harness = harness;
        processes = harness.processes();
    }

    @Test
    void ofApply() {
        dieAtEach(Service.APPLY, names(dev.godwit.apply.crash.CrashPoint.values()));
    }

    @Test
    void ofCapture() {
        dieAtEach(Service.CAPTURE, names(dev.godwit.capture.crash.CrashPoint.values()));
    }

    private void dieAtEach(Service service, List<String> points) {
        Database source = Shop.fill(Shop.create(harness.database(15, "points_source")), ROWS);
        Database target = Shop.create(harness.database(18, "points_target"));
        try (Writer writer =
                        Writer.start(
                                source, MigrationHarness.seeded("crash points").nextLong(), 2, 60);
                Deaths deaths = Deaths.of(processes, service, points)) {
            RunningMigration migration = harness.migrate(source, target);
            try (LogWitness witness = LogWitness.of(harness, migration)) {
                migration.awaitState("ready_to_cutover");
                Newcomer.create(source, target);
                Newcomer.fill(source, 100);
                migration.expect202(migration.reload(Newcomer.NAME));
                migration.awaitState("ready_to_cutover");
                var end = migration.cutOver(true);
                assertThat(deaths.notReached()).isEmpty();
                MigrationHarness.say("%s died at %s; %s", service, points, writer);
                witness.requireSound();
                assertThat(witness.changes()).isEqualTo(end.incoming()).isEqualTo(end.applied());
            }
            assertThat(writer.fenced()).isTrue();
        }
        MigrationHarness.requireEqual(source, target);
    }

    private static List<String> names(Enum<?>[] points) {
        return Arrays.stream(points).map(Enum::name).toList();
    }
}
