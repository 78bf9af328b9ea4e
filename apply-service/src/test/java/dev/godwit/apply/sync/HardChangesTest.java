// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.apply.server.TargetServer;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.ReplicaIdentity;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HardChangesTest {
    private TargetServer server;

    @BeforeAll
    void start() throws IOException {
        server = TargetServer.start(13);
    }

    @AfterAll
    void stop() throws IOException {
        server.close();
    }

    @Test
    void waitsForATableAndSettlesWhatItsSnapshotHolds() throws SQLException, InterruptedException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "name")
                        .insert(1, "1", "a");
        long snapshot = log.lsn() + 1;
        log.insert(1, "2", "b").update(1, "1", "c");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run("CREATE TABLE public.item (id int PRIMARY KEY, name text)");
            RunningSync sync = target.start(log);
            await().until(() -> sync.worker().durableOffset().orElse(-1) == 2);

            sync.worker().whileLevel(() -> target.run("INSERT INTO public.item VALUES (1, 'a')"));
            target.loaded("item", snapshot);
            sync.worker().attemptsChanged();

            sync.awaitOffset(log.end());
            assertThat(target.rows("public.item")).containsExactly("(1,c)", "(2,b)");
            assertThat(sync.worker().progress().applied()).isEqualTo(new Counters(2L, 1L, 0L, 0L));
        }
    }

    @Test
    void endsWhereATransactionOfTheSourceEnds() throws SQLException, InterruptedException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .insert(1, "0")
                        .inOne(20);
        for (int i = 1; i <= 10; i++) {
            log.insert(1, "" + i);
        }
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run("CREATE TABLE public.item (id int PRIMARY KEY)").loaded("item", 0);
            RunningSync sync = target.start(log);
            await().until(() -> target.rows("public.item").size() == 11);

            Thread finishing = Thread.ofPlatform().start(() -> finish(sync.worker()));
            await().until(() -> finishing.getState() == Thread.State.TIMED_WAITING);
            for (int i = 11; i <= 30; i++) {
                log.insert(1, "" + i);
            }
            finishing.join();
            sync.worker().close();

            assertThat(target.rows("public.item")).hasSize(21).contains("(20)");
        }
    }

    private static void finish(ChangesWorker worker) {
        try {
            worker.finish(Duration.ofMinutes(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void swapsUniqueValuesAsTheSourceDid() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "seat", ReplicaIdentity.DEFAULT_KEY, "id:23*", "who:23")
                        .insert(1, "1", "10")
                        .insert(1, "2", "20")
                        .update(1, "1", "20")
                        .update(1, "2", "10");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run(
                            "CREATE TABLE public.seat (id int PRIMARY KEY, who int UNIQUE DEFERRABLE)",
                            "INSERT INTO public.seat VALUES (3, 30), (4, 40)")
                    .loaded("seat", 0);
            log.update(1, "3", "40").update(1, "4", "30");

            target.start(log).awaitOffset(log.end());

            assertThat(target.rows("public.seat"))
                    .containsExactly("(1,20)", "(2,10)", "(3,40)", "(4,30)");
        }
    }

    @Test
    void meetsATableForTheFirstTimeWhileADeferredConstraintIsBroken() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "seat", ReplicaIdentity.DEFAULT_KEY, "id:23*", "who:23")
                        .table(2, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .inOne(3)
                        .update(1, "1", "20")
                        .insert(2, "1")
                        .update(1, "2", "10");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run(
                            "CREATE TABLE public.seat (id int PRIMARY KEY, who int UNIQUE DEFERRABLE)",
                            "INSERT INTO public.seat VALUES (1, 10), (2, 20)",
                            "CREATE TABLE public.item (id int PRIMARY KEY)")
                    .loaded("seat", 0)
                    .loaded("item", 0)
                    .firing();

            target.start(log).awaitOffset(log.end());

            assertThat(target.rows("public.seat")).containsExactly("(1,20)", "(2,10)");
            assertThat(target.rows("public.item")).containsExactly("(1)");
        }
    }

    @Test
    void aRestWaitsForTheEndOfATransactionThatDefersAConstraint() throws Exception {
        var log =
                new ChangesLog()
                        .table(1, "seat", ReplicaIdentity.DEFAULT_KEY, "id:23*", "who:23")
                        .insert(1, "1", "10")
                        .insert(1, "2", "20")
                        .inOne(2)
                        .update(1, "1", "20");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run("CREATE TABLE public.seat (id int PRIMARY KEY, who int UNIQUE DEFERRABLE)")
                    .loaded("seat", 0);
            RunningSync sync = target.start(log).awaitOffset(3);
            var rested =
                    new FutureTask<>(() -> {
                        sync.worker().whileLevel(() -> {});
                        return true;
                    });

            Thread.ofPlatform().start(rested);
            await().during(Duration.ofMillis(300)).until(() -> !rested.isDone());
            log.update(1, "2", "10");

            assertThat(rested.get()).isTrue();
            sync.awaitOffset(log.end());
            assertThat(target.rows("public.seat")).containsExactly("(1,20)", "(2,10)");
        }
    }

    @Test
    void deletesARowOfATableWithoutColumns() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "tick", ReplicaIdentity.FULL_ROW)
                        .insert(1)
                        .insert(1)
                        .deleteFull(1);
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run("CREATE TABLE public.tick ()").loaded("tick", 0);

            target.start(log).awaitOffset(log.end());

            assertThat(target.query("SELECT count(*)::text FROM public.tick")).containsExactly("1");
        }
    }

    @Test
    void namesTheChangeThatTheTargetRefusesAndGoesOnOnceItIsMended() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "secret")
                        .insert(1, "1", "swordfish");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run("CREATE TABLE public.item (id int PRIMARY KEY, secret varchar(3))")
                    .loaded("item", 0);

            var failure = target.start(log).awaitFailure();

            assertThat(failure.code()).isEqualTo(ErrorCode.CHANGE_REFUSED);
            assertThat(failure.what())
                    .contains("public.item", "id", "22001")
                    .doesNotContain("swordfish");
            target.run("ALTER TABLE public.item ALTER COLUMN secret TYPE text");
            target.start(log).awaitOffset(log.end());
            assertThat(target.rows("public.item")).containsExactly("(1,swordfish)");
        }
    }

    @Test
    void keepsAWideUnchangedColumnAlsoWhenTheKeyChanges() throws SQLException {
        String wide = "w".repeat(300_000);
        var log =
                new ChangesLog()
                        .table(1, "doc", ReplicaIdentity.DEFAULT_KEY, "id*", "body", "n:23")
                        .wide(1, Operation.INSERT, ChangesLog.cells("a", wide, "1"), 100_000)
                        .rekey(1, ChangesLog.cells("a", null, null), "b", ChangesLog.SAME, "2")
                        .update(1, "b", ChangesLog.SAME, "3")
                        .wide(1, Operation.UPDATE, ChangesLog.cells("b", wide + wide, "4"), 70_000);
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run("CREATE TABLE public.doc (id text PRIMARY KEY, body text, n int)")
                    .loaded("doc", 0);

            target.start(log).awaitOffset(log.end());

            assertThat(target.query("SELECT id || n || length(body) FROM public.doc"))
                    .containsExactly("b4600000");
        }
    }

    @Test
    void writesIdentitiesAndLeavesGeneratedColumnsAlone() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "n:23")
                        .insert(1, "7", "2")
                        .update(1, "7", "3");
        for (int i = 100; i < 200; i++) {
            log.insert(1, "" + i, "1");
        }
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run(
                            "CREATE TABLE public.item (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED)")
                    .loaded("item", 0);

            target.start(log).awaitOffset(log.end());

            assertThat(target.query("SELECT t::text FROM public.item AS t WHERE id = 7"))
                    .containsExactly("(7,3,6)");
            assertThat(target.rows("public.item")).hasSize(101);
        }
    }

    @Test
    void anOwnerThatLostItsPartitionWritesNothingMore() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .insert(1, "1");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run("CREATE TABLE public.item (id int PRIMARY KEY)").loaded("item", 0);
            RunningSync zombie = target.start(log).awaitOffset(log.end());

            RunningSync owner = target.start(log);
            log.insert(1, "2");
            owner.awaitOffset(log.end());

            await().until(() -> zombie.worker().fenced() || zombie.worker().failure().isPresent());
            assertThat(target.rows("public.item")).containsExactly("(1)", "(2)");
            assertThat(owner.worker().progress().applied().getInserts()).isEqualTo(2);
        }
    }

    @Test
    void losesNothingWhenTheTargetDiesRightAfterATrim() throws SQLException {
        var log = new ChangesLog().table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "n:23");
        for (int i = 0; i < 3000; i++) {
            log.insert(1, "" + i, "0");
        }
        try (var target = new SyncTarget(server.newDatabase())) {
            // What was not flushed by a commit of ours is lost with the server.
            target.run(
                            "ALTER SYSTEM SET wal_writer_delay = '10s'",
                            "SELECT pg_reload_conf()",
                            "CREATE TABLE public.item (id int PRIMARY KEY, n int)")
                    .loaded("item", 0);
            RunningSync sync = target.start(log).awaitOffset(1000);
            for (int i = 0; i < 3000; i++) {
                log.update(1, "" + i, "1");
            }
            long trimmed = sync.worker().durableOffset().orElseThrow();

            ProcessHandle.of(
                            Long.parseLong(
                                    target.query(
                                                    "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'godwit abc changes-0%'")
                                            .getFirst()))
                    .orElseThrow()
                    .destroyForcibly();

            await().until(() -> sync.worker().failure().isPresent());
            trimmed = Math.max(trimmed, sync.worker().durableOffset().orElseThrow());
            sync.close();
            target.reconnect();
            RunningSync again = target.start(log);
            await().until(() -> again.worker().startOffset().isPresent());
            assertThat(again.worker().startOffset().orElseThrow()).isGreaterThanOrEqualTo(trimmed);
            again.awaitOffset(log.end());
            assertThat(target.query("SELECT sum(n)::text FROM public.item"))
                    .containsExactly("3000");
            assertThat(again.worker().progress().applied())
                    .isEqualTo(new Counters(3000L, 3000L, 0L, 0L));
        }
    }
}
