// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.capture.fixture.Postgres;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ServerVersion;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What we rely on in Debezium and in the driver, one promise a test: an upgrade that breaks one
 * fails here.
 */
class SeamIT {
    private static final Duration MOST = Duration.ofSeconds(60);
    private static final AtomicInteger IDS = new AtomicInteger();

    @TempDir private static Path folder;

    private static Postgres source;

    private final String id = "s%05d".formatted(IDS.incrementAndGet());
    private final String slot = "godwit_" + id;

    @BeforeAll
    static void start() throws Exception {
        source = Postgres.start(15, Files.createDirectory(folder.resolve("pg")));
    }

    @AfterAll
    static void stop() {
        source.close();
    }

    @BeforeEach
    void prepare() throws SQLException {
        source.run("postgres", "CREATE DATABASE " + id);
        source.run(
                id,
                "CREATE TABLE item (id int PRIMARY KEY, name text)",
                "CREATE PUBLICATION %s FOR ALL TABLES".formatted(slot),
                "SELECT pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(slot));
    }

    @Test
    void beginsWhereTheSlotStandsAndHandsMessagesOnInOrder() throws Exception {
        source.run(id, "INSERT INTO item SELECT g, 'x' FROM generate_series(1, 5000) g");
        try (var engine = new Run(settings(64 * 1024))) {
            var types = new ArrayList<Character>();
            while (!types.contains('C')) {
                types.addAll(typesOf(engine.take()));
            }
            assertThat(types.subList(0, 2)).containsExactly('B', 'R');
            assertThat(types.stream().filter(type -> type == 'I')).hasSize(5000);
        }
    }

    @Test
    void handsAWideMessageOnAsTheDriversOwnArray() throws Exception {
        source.run(id, "INSERT INTO item VALUES (1, repeat('x', 300000))");
        try (var engine = new Run(settings(64 * 1024))) {
            ByteBuffer content = engine.take();
            while (content.remaining() < 300_000) {
                content = engine.take();
            }
            assertThat(content.get(content.position())).isEqualTo((byte) 'w');
            assertThat(typesOf(content)).containsExactly('I');
        }
    }

    @Test
    void flushesNothingThatIsNotMarkedAndExactlyWhatIs() throws Exception {
        String before = confirmed();
        try (var engine = new Run(settings(64 * 1024))) {
            source.run(id, "INSERT INTO item VALUES (1, 'one')");
            engine.take();
            source.run(id, "INSERT INTO item VALUES (2, 'two')");
            engine.take();
            assertThat(confirmed()).isEqualTo(before);
            // When
            long end =
                    Long.parseLong(
                            source.ask(
                                    id, "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint"));
            engine.mark.set(end);
            source.run(id, "INSERT INTO item VALUES (3, 'three')");
            engine.take();
            // Then
            Awaitility.await().atMost(MOST).until(() -> !confirmed().equals(before));
            assertThat(confirmed()).isEqualTo(Long.toString(end));
        }
    }

    @Test
    void keepsTheSessionAliveAndReadsLittleAheadWhileTheHandlerWaits() throws Exception {
        source.run(
                "postgres",
                "ALTER SYSTEM SET wal_sender_timeout = '2s'",
                "SELECT pg_reload_conf()");
        try (var engine = new Run(settings(64 * 1024))) {
            engine.handle.drainPermits();
            // When
            source.run(
                    id,
                    "INSERT INTO item SELECT g, repeat('x', 1000) FROM generate_series(1, 20000) g");
            Awaitility.await().atMost(MOST).until(() -> !activePid().equals("null"));
            String walsender = activePid();
            long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
            Awaitility.await().atMost(MOST).until(() -> System.nanoTime() > end);
            // Then
            assertThat(activePid()).isEqualTo(walsender);
            assertThat(engine.handedOn.get()).isLessThanOrEqualTo(1);
            // When
            engine.handle.release(Integer.MAX_VALUE / 2);
            long rows = 0;
            while (rows < 20_000) {
                rows += typesOf(engine.take()).stream().filter(type -> type == 'I').count();
            }
            // Then
            assertThat(rows).isEqualTo(20_000);
        } finally {
            source.run(
                    "postgres", "ALTER SYSTEM RESET wal_sender_timeout", "SELECT pg_reload_conf()");
        }
    }

    /** Backend that reads the slot, "null" while nobody does. */
    private String activePid() throws Exception {
        return source.ask(
                id,
                "SELECT active_pid FROM pg_replication_slots WHERE slot_name = '%s'"
                        .formatted(slot));
    }

    @Test
    void endsAndCreatesNothingWhenTheSlotIsGone() throws Exception {
        source.run(id, "SELECT pg_drop_replication_slot('%s')".formatted(slot));
        try (var engine = new Run(settings(64 * 1024))) {
            assertThat(engine.ended.await(MOST.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(causes(engine.error.get())).anyMatch(SQLException.class::isInstance);
            assertThat(
                            source.ask(
                                    id,
                                    "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '%s'"
                                            .formatted(slot)))
                    .isEqualTo("0");
        }
    }

    @Test
    void endsWhenTheHandlerFails() throws Exception {
        String before = confirmed();
        try (var engine = new Run(settings(64 * 1024))) {
            engine.failure.set(new IllegalStateException("handler"));
            source.run(id, "INSERT INTO item VALUES (1, 'one')");
            assertThat(engine.ended.await(MOST.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(causes(engine.error.get()))
                    .anyMatch(cause -> "handler".equals(cause.getMessage()));
            assertThat(confirmed()).isEqualTo(before);
        }
    }

    private Properties settings(int frameBytes) {
        ConnectionSettings database = source.settings(id);
        var version = new ServerVersion(150_000);
        var wal =
                new WalSettings(
                        Duration.ofMillis(500),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(1),
                        frameBytes,
                        Duration.ofMillis(5));
        return EngineSettings.of(
                database, version, SlotSettings.of(database, "seam", slot, 0, version, wal));
    }

    private String confirmed() throws SQLException {
        return source.ask(
                id,
                "SELECT (confirmed_flush_lsn - '0/0'::pg_lsn)::bigint FROM pg_replication_slots WHERE slot_name = '%s'"
                        .formatted(slot));
    }

    private static List<Character> typesOf(ByteBuffer content) throws InterruptedException {
        var types = new ArrayList<Character>();
        Frames.read(
                content,
                new Frames.Receiver() {
                    @Override
                    public void message(byte[] bytes, int from, int length) {
                        types.add((char) bytes[from]);
                    }

                    @Override
                    public void keepAlive(long walEnd) {
                        assertThat(walEnd).isNotZero();
                    }
                });
        return types;
    }

    private static List<Throwable> causes(@Nullable Throwable error) {
        var causes = new ArrayList<Throwable>();
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            causes.add(cause);
        }
        return causes;
    }

    /** An engine whose handler hands out contents, and marks a position when told. */
    private static final class Run
            implements AutoCloseable,
                    DebeziumEngine.ChangeConsumer<RecordChangeEvent<SourceRecord>> {
        final CountDownLatch ended = new CountDownLatch(1);
        final AtomicReference<@Nullable Throwable> error = new AtomicReference<>();
        final AtomicReference<@Nullable Long> mark = new AtomicReference<>();
        final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
        final Semaphore handle = new Semaphore(Integer.MAX_VALUE / 2);
        final AtomicInteger handedOn = new AtomicInteger();
        private final BlockingQueue<ByteBuffer> contents = new LinkedBlockingQueue<>();
        private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
        private final Thread thread;

        Run(Properties settings) {
            engine =
                    DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                            .using(settings)
                            .using(
                                    (DebeziumEngine.CompletionCallback)
                                            (success, message, thrown) -> {
                                                error.set(thrown);
                                                ended.countDown();
                                            })
                            .notifying(this)
                            .build();
            thread = Thread.ofPlatform().daemon().start(engine);
        }

        ByteBuffer take() throws InterruptedException {
            ByteBuffer content = contents.poll(MOST.toSeconds(), TimeUnit.SECONDS);
            if (content == null) {
                throw new AssertionError("nothing arrives");
            }
            return content;
        }

        @Override
        public void handleBatch(
                List<RecordChangeEvent<SourceRecord>> records,
                RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
                throws InterruptedException {
            RuntimeException planned = failure.get();
            if (planned != null) {
                throw planned;
            }
            assertThat(records).hasSize(1);
            handedOn.incrementAndGet();
            handle.acquire();
            ByteBuffer content =
                    (ByteBuffer)
                            ((Struct) records.getFirst().record().value())
                                    .getStruct("message")
                                    .get("content");
            Long position = mark.getAndSet(null);
            if (position != null) {
                DebeziumEngine.Offsets offsets = committer.buildOffsets();
                offsets.set("lsn", position);
                offsets.set("lsn_commit", position);
                committer.markProcessed(records.getFirst(), offsets);
            }
            committer.markBatchFinished();
            contents.add(content);
        }

        @Override
        public boolean supportsTombstoneEvents() {
            return false;
        }

        @Override
        public void close() {
            Awaitility.await("the engine closes")
                    .atMost(MOST)
                    .until(() -> {
                        if (ended.getCount() > 0) {
                            try {
                                engine.close();
                            } catch (IllegalStateException | IOException starting) {
                                return ended.getCount() == 0;
                            }
                        }
                        return true;
                    });
            Awaitility.await("its thread ends").atMost(MOST).until(() -> !thread.isAlive());
        }
    }
}
