// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
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
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every service dies between the wish to add a table, or to load one anew, and its end. */
@MigrationTest(Mode.PROCESSES)
class ReloadKillsIT {
    private static final int ROWS = MigrationHarness.SOAK ? 50_000 : 1_000;
    private static final List<String> OF_CAPTURE =
            MigrationHarness.SOAK
                    ? List.of(
                            "AFTER_PUBLISH",
                            "AFTER_ASK",
                            "AFTER_GRANT",
                            "AFTER_REROUTE",
                            "AFTER_BEGIN",
                            "AFTER_PIECE",
                            "BEFORE_TABLE_END",
                            "AFTER_TABLE_END")
                    : List.of("AFTER_ASK", "AFTER_REROUTE", "AFTER_TABLE_END");
    private static final List<String> OF_APPLY =
            MigrationHarness.SOAK
                    ? List.of(
                            "BEFORE_GRANT_COMMIT",
                            "AFTER_GRANT_COMMIT",
                            "AFTER_COPY_BEFORE_COMMIT",
                            "AFTER_PIECE_COMMIT",
                            "AFTER_INDEXES_BEFORE_LOADED")
                    : List.of("AFTER_GRANT_COMMIT");

    private final MigrationHarness harness;
    private final Services.AsProcesses processes;

    ReloadKillsIT(MigrationHarness harness) {
        this.harness = harness;
        processes = harness.processes();
    }

    @Test
    void loseNeitherTheWishNorARow() {
        // Given
        Database source = Shop.fill(Shop.create(harness.database(15, "wish_source")), ROWS);
        Database target = Shop.create(harness.database(18, "wish_target"));
        long seed = MigrationHarness.seeded("reload kills").nextLong();
        RunningMigration migration = harness.migrate(source, target);
        try (LogWitness witness = LogWitness.of(harness, migration);
                Writer writer = Writer.start(source, seed, 2, 40)) {
            migration.awaitState("ready_to_cutover");
            Newcomer.create(source, target);
            Newcomer.fill(source, ROWS);
            try (Writer another = Writer.start(source, Newcomer.application(), seed + 1, 2, 40)) {
                // When
                dieAtEach(Service.CAPTURE, OF_CAPTURE, migration, Newcomer.NAME);
                dieAtEach(Service.APPLY, OF_APPLY, migration, Newcomer.NAME, "public.entry");
                DatabaseStatus end = migration.cutOver(true);

                // Then
                MigrationHarness.say("%s; %s; %d changes", writer, another, end.applied());
                assertThat(end.attempts("public.account")).isEqualTo(1);
                witness.requireSound();
                assertThat(witness.changes()).isEqualTo(end.incoming()).isEqualTo(end.applied());
                assertThat(another.fenced()).isTrue();
            }
            assertThat(writer.fenced()).isTrue();
        }
        MigrationHarness.requireEqual(source, target);
    }

    /** Control dies too, right after it has accepted the wish. */
    private void dieAtEach(
            Service service, List<String> points, RunningMigration migration, String... tables) {
        try (Deaths deaths = Deaths.of(processes, service, points)) {
            migration.awaitState("ready_to_cutover");
            migration.expect202(migration.reload(tables));
            processes.kill(Service.CONTROL);
            processes.start(Service.CONTROL);
            migration.awaitState("ready_to_cutover");
            assertThat(deaths.notReached()).isEmpty();
        }
    }
}
