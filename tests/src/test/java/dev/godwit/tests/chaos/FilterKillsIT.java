// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.LogWitness;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationRequest;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Trade;
import dev.godwit.tests.workload.Writer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rows cross the filters in both directions while capture and apply are killed. */
@MigrationTest(Mode.PROCESSES)
class FilterKillsIT {
    private static final int ROWS = MigrationHarness.SOAK ? 50_000 : 2_000;
    private static final int ROUNDS = MigrationHarness.SOAK ? 10 : 1;
    private static final int TRANSACTIONS_A_KILL = 150;

    private final MigrationHarness harness;

    FilterKillsIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void loseNoRowAtTheFilter() {
        // Given
        Trade trade = new Trade(ROWS);
        Database source = trade.fillSource(harness.database(15, "filter_kills_source"));
        Database target = Trade.createTarget(harness.database(18, "filter_kills_target"));
        long seed = MigrationHarness.seeded("filter kills").nextLong();
        MigrationRequest request = harness.request(source, target).tables("!sales.diary");
        Trade.MAPPINGS.forEach(request::mapping);

        try (Writer writer = Writer.start(source, trade, seed, 3, 150)) {
            RunningMigration migration = harness.start(request, source.name());
            try (LogWitness witness = LogWitness.of(harness, migration)) {
                // When
                migration.awaitState("loading", "syncing", "ready_to_cutover");
                kill(Service.CAPTURE);
                migration.awaitState("ready_to_cutover");
                for (int round = 0; round < ROUNDS; round++) {
                    for (Service service : List.of(Service.CAPTURE, Service.APPLY)) {
                        long wanted = writer.committed() + TRANSACTIONS_A_KILL;
                        migration.await("the sync", status -> writer.committed() >= wanted);
                        kill(service);
                    }
                }
                DatabaseStatus end = migration.cutOver(true);

                // Then
                MigrationHarness.say("%s; %d changes", writer, end.applied());
                witness.requireSound();
                assertThat(witness.changes()).isEqualTo(end.incoming()).isEqualTo(end.applied());
            }
            assertThat(writer.fenced()).isTrue();
        }
        assertThat(Trade.differences(source, target)).isEmpty();
    }

    private void kill(Service service) {
        harness.processes().kill(service);
        harness.processes().start(service);
    }
}
