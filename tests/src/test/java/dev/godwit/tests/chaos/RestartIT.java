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
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Transactions that a restart of capture cuts through: where Debezium's own position logic loses
 * rows.
 */
@MigrationTest(Mode.PROCESSES)
class RestartIT {
    private static final int ROUNDS = MigrationHarness.SOAK ? 20 : 3;
    private static final int COPIED = 1_000;
    private static final int INTERLEAVED = 21;

    private final MigrationHarness harness;
    private final Services.AsProcesses processes;
    private final Database source;
    private final Database target;

    RestartIT(MigrationHarness harness) {
        this.harness = harness;
        processes = harness.processes();
        source = harness.database(15, "restart_source");
        target = harness.database(18, "restart_target");
    }

    @BeforeEach
    void fill() {
        Shop.fill(Shop.create(source), 500);
        Shop.create(target);
    }

    @Test
    void aTransactionOfAThousandRowsAndAnInterleavedPairSurviveKillsAtAnyMoment() {
        Random random = MigrationHarness.seeded("restart");
        RunningMigration migration = harness.migrate(source, target);
        try (LogWitness witness = LogWitness.of(harness, migration)) {
            migration.awaitState("ready_to_cutover");
            for (int round = 0; round < ROUNDS; round++) {
                int first = 10_000 * round + 1;
                interleaved(
                        round,
                        () -> {
                            copy(first);
                            LockSupport.parkNanos(random.nextInt(60) * 1_000_000L);
                            processes.kill(Service.CAPTURE);
                            copy(first + COPIED);
                        });
                processes.start(Service.CAPTURE);
                long changes = (round + 1L) * (2 * COPIED + INTERLEAVED);
                migration.await("all captured", status -> status.incoming() == changes);
            }
            requireAllThere(migration, witness);
        }
    }

    @Test
    void deathBeforeAndAfterTheLogsCommitLosesAndRepeatsNothing() {
        RunningMigration migration = harness.migrate(source, target);
        try (LogWitness witness = LogWitness.of(harness, migration)) {
            migration.awaitState("ready_to_cutover");
            int round = 0;
            for (String point : new String[] {"BEFORE_LOG_COMMIT", "AFTER_LOG_COMMIT"}) {
                processes.stop(Service.CAPTURE);
                processes.startDyingAt(Service.CAPTURE, point, 2);
                int first = 10_000 * round + 1;
                interleaved(round, () -> copy(first));
                LockSupport.parkNanos(500_000_000);
                copy(first + COPIED);
                while (processes.process(Service.CAPTURE).alive()) {
                    source.execute("INSERT INTO loose (a) VALUES (1)");
                    LockSupport.parkNanos(200_000_000);
                }
                assertThat(processes.process(Service.CAPTURE).awaitEnd()).isEqualTo(137);
                processes.start(Service.CAPTURE);
                round++;
            }
            requireAllThere(migration, witness);
        }
    }

    /** One COPY, one transaction. */
    private void copy(int first) {
        source.copy(
                "scratch",
                IntStream.range(first, first + COPIED)
                        .mapToObj(id -> id + "\tone transaction\n")
                        .collect(Collectors.joining()));
    }

    /**
     * Two transactions that change the same table in turns and commit in the order opposite to
     * their begin, with something done between their commits.
     */
    private void interleaved(int round, Runnable between) {
        int base = 1_000_000 + 100 * round;
        try (HeldLock first = HeldLock.of(source, row(base));
                HeldLock second = HeldLock.of(source, row(base + 1))) {
            for (int i = 2; i < INTERLEAVED - 1; i += 2) {
                first.execute(row(base + i));
                second.execute(row(base + i + 1));
            }
            second.commit();
            between.run();
            first.execute(row(base + 50));
            first.commit();
        }
    }

    private static String row(int id) {
        return "INSERT INTO scratch VALUES (%d, 'interleaved')".formatted(id);
    }

    private void requireAllThere(RunningMigration migration, LogWitness witness) {
        var end = migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
        witness.requireSound();
        assertThat(witness.changes()).isEqualTo(end.incoming()).isEqualTo(end.applied());
    }
}
