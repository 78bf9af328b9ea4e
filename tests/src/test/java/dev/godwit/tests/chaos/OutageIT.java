// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.Broker;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.JavaProcess;
import dev.godwit.tests.harness.LogWitness;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.harness.Services;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.EmbeddedServer;
import dev.godwit.tests.workload.Shop;
import dev.godwit.tests.workload.Writer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * Invariant 2: the broker, either database or a process is away for a while, or comes back as a
 * zombie.
 */
@MigrationTest(Mode.PROCESSES)
class OutageIT {
    private static final boolean SOAK = MigrationHarness.SOAK;
    private static final Duration AWAY = Duration.ofSeconds(SOAK ? 200 : 15);
    private static final int ROWS = SOAK ? 200_000 : 5_000;

    private final MigrationHarness harness;
    private final Services.AsProcesses processes;

    OutageIT(MigrationHarness harness) {
        this.harness = harness;
        processes = harness.processes();
    }

    @Test
    void ofTheBrokerPausedAndThenKilled() {
        Database source = filled(harness.database(15, "broker_source"));
        Database target = Shop.create(harness.database(18, "broker_target"));
        Broker.AsProcess broker = harness.brokerProcess();
        try (Writer writer = writer(source)) {
            RunningMigration migration = harness.migrate(source, target);
            try (LogWitness witness = LogWitness.of(harness, migration)) {
                migration.awaitState("ready_to_cutover");

                broker.process().pause();
                away();
                broker.process().resume();
                long paused = writer.changedRows();
                migration.await(
                        "capture has caught up after the pause",
                        status -> status.incoming() > paused * 9 / 10);

                broker.process().kill();
                away();
                broker.restart();

                DatabaseStatus end = migration.cutOver(true);
                witness.requireSound();
                assertThat(witness.changes()).isEqualTo(end.incoming());
                MigrationHarness.say("broker away twice for %s: %s", AWAY, writer);
            }
        }
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void ofACaptureThatWakesUpBehindANewOwner() {
        Database source = filled(harness.database(15, "zombie_source"));
        Database target = Shop.create(harness.database(18, "zombie_target"));
        try (Writer writer = writer(source)) {
            RunningMigration migration = harness.migrate(source, target);
            try (LogWitness witness = LogWitness.of(harness, migration)) {
                migration.awaitState("ready_to_cutover");

                JavaProcess zombie = processes.process(Service.CAPTURE);
                zombie.pause();
                try (JavaProcess heir = processes.startAnother(Service.CAPTURE)) {
                    long before = migration.status().incoming();
                    migration.await(
                            "the heir captures", status -> status.incoming() > before + 500);
                    zombie.resume();
                    long woken = migration.status().incoming();
                    migration.await(
                            "capture goes on beside the woken one",
                            status -> status.incoming() > woken + 500);

                    DatabaseStatus end = migration.cutOver(true);
                    witness.requireSound();
                    assertThat(witness.changes()).isEqualTo(end.incoming());
                    assertThat(heir.alive()).isTrue();
                }
                assertThat(writer.fenced()).isTrue();
            }
        }
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void ofAnApplyThatWakesUpBehindANewOwner() {
        Database source = filled(harness.database(15, "zombie2_source"));
        Database target = Shop.create(harness.database(18, "zombie2_target"));
        try (Writer writer = writer(source)) {
            RunningMigration migration = harness.migrate(source, target);
            migration.awaitState("ready_to_cutover");

            JavaProcess zombie = processes.process(Service.APPLY);
            zombie.pause();
            try (JavaProcess heir = processes.startAnother(Service.APPLY)) {
                long before = migration.status().applied();
                migration.await("the heir applies", status -> status.applied() > before + 500);
                zombie.resume();
                long woken = migration.status().applied();
                migration.await("apply goes on", status -> status.applied() > woken + 500);
                migration.cutOver(true);
                assertThat(heir.alive()).isTrue();
            }
            assertThat(writer.fenced()).isTrue();
        }
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void ofTheTargetRightAfterATrim() {
        Database source = filled(harness.database(15, "trim_source"));
        try (EmbeddedServer server =
                harness.servers().own(18, Map.of("wal_writer_delay", "10s", "fsync", "on"))) {
            Database target = Shop.create(server.createDatabase("trim_target"));
            try (Writer writer = writer(source)) {
                RunningMigration migration = harness.migrate(source, target);
                migration.awaitState("ready_to_cutover");
                TrimWatch trims = new TrimWatch(harness, migration);
                for (int round = 0; round < (SOAK ? 10 : 3); round++) {
                    trims.awaitNext();
                    server.stopImmediately();
                    LockSupport.parkNanos(300_000_000);
                    server.start();
                    long before = migration.status().applied();
                    migration.await("apply goes on", status -> status.applied() > before);
                }
                migration.cutOver(true);
                assertThat(writer.fenced()).isTrue();
            }
            MigrationHarness.requireEqual(source, target);
        }
    }

    @Test
    void ofTheSourceWhileItIsReadAndWhileItStreams() {
        try (EmbeddedServer server = harness.servers().own(15, Map.of())) {
            Database source = filled(server.createDatabase("crash_source"));
            Database target = Shop.create(harness.database(18, "crash_target"));
            try (Writer writer = writer(source)) {
                RunningMigration migration = harness.migrate(source, target);
                migration.awaitState("loading", "ready_to_cutover");
                server.stopImmediately();
                server.start();
                migration.awaitState("ready_to_cutover");
                for (int round = 0; round < 2; round++) {
                    long before = migration.status().incoming();
                    migration.await("capture goes on", status -> status.incoming() > before);
                    if (round == 0) {
                        server.stopFast();
                    } else {
                        server.stopImmediately();
                    }
                    server.start();
                }
                migration.cutOver(true);
                assertThat(writer.fenced()).isTrue();
            }
            MigrationHarness.requireEqual(source, target);
        }
    }

    private Writer writer(Database source) {
        return Writer.start(source, MigrationHarness.seeded("outage").nextLong(), 3, 150);
    }

    private static Database filled(Database database) {
        return Shop.fill(Shop.create(database), ROWS);
    }

    private static void away() {
        LockSupport.parkNanos(AWAY.toNanos());
    }
}
