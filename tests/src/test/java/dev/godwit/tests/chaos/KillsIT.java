// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.compare.Comparison;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.LogWitness;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.harness.Services;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Shop;
import dev.godwit.tests.workload.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * Invariants 1, 2, 3 and 5: kill -9 of capture, apply and control in one migration under a writer,
 * in every phase.
 */
@MigrationTest(Mode.PROCESSES)
class KillsIT {
    private static final boolean SOAK = MigrationHarness.SOAK;
    private static final int ROWS = SOAK ? 1_000_000 : 40_000;
    private static final int PER_SECOND = SOAK ? 250 : 200;
    private static final int IN_THE_LOAD = SOAK ? 8 : 2;
    private static final int IN_THE_SYNC = SOAK ? 14 : 3;
    private static final int IN_THE_CUTOVER = SOAK ? 5 : 3;
    private static final Set<String> LOAD = Set.of("loading");
    private static final Set<String> SYNC = Set.of("syncing", "ready_to_cutover");
    private static final Set<String> CUTOVER = Set.of("cutting_over");

    private final MigrationHarness harness;
    private final Services.AsProcesses processes;
    private final List<Kill> kills = new ArrayList<>();

    /** What died, and the state that the API told of just before. */
    private record Kill(Service service, String state) {
        @Override
        public String toString() {
            return service + " in " + state;
        }
    }

    KillsIT(MigrationHarness harness) {
        this.harness = harness;
        processes = harness.processes();
    }

    @Test
    void loseNothingAndRepeatNothing() {
        // Given
        Random random = MigrationHarness.seeded("kills");
        Database source = harness.database(15, "kills_source");
        Database target = harness.database(18, "kills_target");
        Shop.fill(Shop.create(source), ROWS);
        Shop.create(target);

        try (Writer writer = Writer.start(source, random.nextLong(), 4, PER_SECOND)) {
            RunningMigration migration =
                    harness.start(
                            harness.request(source, target).setting("loadWorkers", 1),
                            source.name());
            try (LogWitness witness = LogWitness.of(harness, migration)) {
                // When
                killDuringTheLoad(migration, random);
                migration.awaitState("ready_to_cutover");
                killDuringTheSync(migration, random);
                migration.awaitState("ready_to_cutover");
                DatabaseStatus end = killDuringTheCutover(migration, random);

                // Then
                assertThat(writer.fenced()).isTrue();
                MigrationHarness.say(
                        "%d kills %s: of capture and apply %d in the load, %d in the sync, %d in the cutover; %d rows; %s; %d changes in %d transactions, outage %d ms",
                        kills.size(),
                        kills,
                        kills(LOAD),
                        kills(SYNC),
                        kills(CUTOVER),
                        Comparison.rows(source),
                        writer,
                        witness.changes(),
                        witness.transactions(),
                        end.report().path("outageMillis").asLong());
                requireEnoughKills();
                witness.requireSound();
                assertThat(witness.changes()).isEqualTo(end.incoming()).isEqualTo(end.applied());
            }
        }
        MigrationHarness.requireEqual(source, target);
    }

    /** The load runs again after each kill of capture, so it lasts as long as it is killed. */
    private void killDuringTheLoad(RunningMigration migration, Random random) {
        for (int i = 0; i < IN_THE_LOAD; i++) {
            DatabaseStatus status = migration.awaitState("loading", "syncing", "ready_to_cutover");
            if (!status.state().equals("loading")) {
                break;
            }
            pause(random.nextInt(SOAK ? 6_000 : 2_500));
            kill(i % 2 == 0 ? Service.CAPTURE : Service.APPLY, migration);
        }
    }

    private void killDuringTheSync(RunningMigration migration, Random random) {
        for (int i = 0; i < IN_THE_SYNC; i++) {
            long before = migration.status().applied();
            migration.await("the sync goes on", status -> status.applied() > before);
            pause(random.nextInt(SOAK ? 5_000 : 1_500));
            kill(
                    i % 3 == 2 ? Service.CONTROL : i % 3 == 1 ? Service.APPLY : Service.CAPTURE,
                    migration);
        }
    }

    /** Before the fence, behind it, and after Apply, which cannot end before apply is back. */
    private DatabaseStatus killDuringTheCutover(RunningMigration migration, Random random) {
        migration.expect202(migration.startCutover(true));
        kill(Service.CAPTURE, migration);
        migration.await("the fence", DatabaseStatus::fenced);
        kill(Service.APPLY, migration);
        DatabaseStatus accepted = migration.applyAccepted();
        for (int i = 2; i < IN_THE_CUTOVER; i++) {
            pause(random.nextInt(300));
            kill(i % 2 == 0 ? Service.APPLY : Service.CAPTURE, migration);
        }
        return migration.complete(accepted);
    }

    private void kill(Service service, RunningMigration migration) {
        String state = migration.await("an answer", status -> true).state();
        processes.kill(service);
        kills.add(new Kill(service, state));
        MigrationHarness.say("kill -9 of %s in %s", service, state);
        processes.start(service);
        if (service == Service.CONTROL) {
            processes.awaitHealth(Service.CONTROL);
        }
    }

    private void requireEnoughKills() {
        assertThat(kills(LOAD)).isGreaterThanOrEqualTo(SOAK ? 6 : 1);
        assertThat(kills(SYNC)).isGreaterThanOrEqualTo(SOAK ? 8 : 2);
        assertThat(kills(CUTOVER)).isGreaterThanOrEqualTo(SOAK ? 3 : 2);
        if (SOAK) {
            assertThat(kills(LOAD) + kills(SYNC) + kills(CUTOVER)).isGreaterThanOrEqualTo(20);
        }
    }

    /** Of capture and apply. */
    private long kills(Set<String> states) {
        return kills.stream()
                .filter(kill -> kill.service != Service.CONTROL && states.contains(kill.state))
                .count();
    }

    private static void pause(int millis) {
        LockSupport.parkNanos(millis * 1_000_000L);
    }
}
