// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.capture.fixture.Broker;
import dev.godwit.capture.fixture.LogReader;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.Change;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.OldRow;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.QualifiedName;
import dev.godwit.schemas.SequenceValue;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.SourceObjects;
import dev.godwit.schemas.StreamStart;
import dev.godwit.schemas.StreamState;
import dev.godwit.schemas.TableLoad;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log against a real broker, and without one for a while. */
class ChangeLogIT {
    private static final Duration MOST = Duration.ofSeconds(60);
    private static final TableName ITEM = new TableName("public", "item");
    private static final AtomicInteger IDS = new AtomicInteger();

    @TempDir private static Path folder;

    private static Broker broker;

    private final String id = "l%05d".formatted(IDS.incrementAndGet());
    private final RecordCodec codec = new RecordCodec(SchemaBook.ownOnly());

    @BeforeAll
    static void start() throws Exception {
        broker = Broker.start(Files.createDirectory(folder.resolve("kafka")));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @BeforeEach
    void prepare() throws InterruptedException, ExecutionException {
        broker.createTopics(id, 1);
    }

    @Test
    void givesEveryOwnerAnEpochOfItsOwn() throws Exception {
        long first;
        try (ChangeLog log = open()) {
            first = log.epoch();
            assertThat(log.recovered().stream()).isEmpty();
            assertThat(log.stream()).isEmpty();
        }
        try (ChangeLog log = open()) {
            assertThat(log.epoch()).isGreaterThan(first);
        }
    }

    @Test
    void findsEverythingAgainThatWasCommitted() throws Exception {
        var load =
                TableLoad.newBuilder()
                        .setTarget(ITEM.toAvro())
                        .setAttempt(new Attempt(2, 7L))
                        .setSnapshotLsn(500L)
                        .setRows(3)
                        .setBytes(9)
                        .build();
        var objects =
                SourceObjects.newBuilder()
                        .setPublication(true)
                        .setSlot(true)
                        .setReadOnlyBefore("off")
                        .build();
        try (ChangeLog log = open()) {
            begin(log);
            log.record(List.of(load));
            log.record(objects);
            append(log, 1000, 0, 10);
            append(log, 1000, 1, 10);
            log.append(sequences("gate"));
            log.append(sequences("gate"));
        }
        try (ChangeLog log = open()) {
            Recovered recovered = log.recovered();
            assertThat(recovered.stream())
                    .get()
                    .satisfies(state -> {
                        assertThat(state.getConsistentPoint()).isEqualTo(500);
                        assertThat(state.getFlushableLsn()).isEqualTo(1050);
                        assertThat(state.getSystemIdentifier()).isEqualTo("4711");
                    });
            assertThat(recovered.tables())
                    .containsExactly(java.util.Map.entry(ITEM, new Counters(2L, 0L, 0L, 0L)));
            assertThat(recovered.loads()).containsEntry(ITEM, load);
            assertThat(recovered.sourceObjects()).contains(objects);
            assertThat(log.progress().position()).isEqualTo(new Position(1000, 1));
            assertThat(log.progress().sequencesFor()).contains("gate");
            assertThat(log.epoch()).isGreaterThan(7);
            assertThatThrownBy(() -> begin(log)).isInstanceOf(IllegalStateException.class);
        }
        assertThat(LogReader.all(broker.settings(), id, Sequences.class)).hasSize(1);
        assertThat(LogReader.all(broker.settings(), id)).first().isInstanceOf(StreamStart.class);
    }

    @Test
    void leavesNothingOfABatchThatIsNotCommitted() throws Exception {
        try (ChangeLog log = open()) {
            begin(log);
            append(log, 1000, 0, 10);
            try (ChangeBatch batch = log.batch()) {
                change(batch, 2000, 0, 10);
            }
            append(log, 3000, 0, 10);
            assertThat(log.progress().changes()).isEqualTo(2);
        }
        assertThat(LogReader.all(broker.settings(), id, Change.class))
                .extracting(Change::getFinalLsn)
                .containsExactly(1000L, 3000L);
    }

    @Test
    void splitsAndJoinsAtEverySizeAroundARecord() throws Exception {
        int most = ChangeBatch.RECORD_BYTES_MAX;
        try (ChangeLog log = open()) {
            begin(log);
            long lsn = 1000;
            for (int size : List.of(0, 1, most - 200, most, most + 1, 2 * most, 3 * most + 17)) {
                append(log, lsn++, 0, size);
            }
        }
        assertThat(LogReader.all(broker.settings(), id, Change.class))
                .extracting(change -> ((ByteBuffer) change.getAfter().getFirst()).remaining())
                .containsExactly(0, 1, most - 200, most, most + 1, 2 * most, 3 * most + 17);
    }

    @Test
    void letsAFencedOwnerWriteNoMoreAndHidesWhatItHadOpen() throws Exception {
        try (ChangeLog old = open()) {
            begin(old);
            try (ChangeBatch batch = old.batch()) {
                change(batch, 1000, 0, 10);
                // When
                try (ChangeLog next = open()) {
                    append(next, 1000, 0, 20);
                }
                // Then
                assertThatThrownBy(batch::commit).isInstanceOf(OwnerFencedException.class);
            }
            assertThatThrownBy(() -> append(old, 1000, 0, 10))
                    .isInstanceOf(OwnerFencedException.class);
            assertThat(old.progress().changes()).isZero();
        }
        assertThat(LogReader.all(broker.settings(), id, Change.class)).hasSize(1);
    }

    @Test
    void waitsForABrokerThatIsAwayAndRepeatsNothing() throws Exception {
        try (ChangeLog log = open()) {
            begin(log);
            append(log, 1, 0, 10);
            broker.stop();
            // When
            var written =
                    CompletableFuture.runAsync(() -> {
                        for (int i = 2; i <= 200; i++) {
                            appendUnchecked(log, i);
                        }
                    });
            assertThatThrownBy(() -> written.get(10, TimeUnit.SECONDS))
                    .isInstanceOf(TimeoutException.class);
            broker.startAgain();
            written.get(MOST.toSeconds(), TimeUnit.SECONDS);
            // Then
            assertThat(log.waiting()).isEmpty();
            assertThat(log.progress().changes()).isEqualTo(200);
        }
        var lsns = new ArrayList<Long>();
        LogReader.all(broker.settings(), id, Change.class)
                .forEach(change -> lsns.add(change.getFinalLsn()));
        assertThat(lsns).hasSize(200).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void finishesWhatAnInterruptedWriterHasBegun() throws Exception {
        var committing = new CountDownLatch(1);
        CrashPoints interrupting =
                point -> {
                    if (committing.getCount() > 0
                            && Thread.currentThread().getName().equals("interrupted")) {
                        committing.countDown();
                        Thread.currentThread().interrupt();
                    }
                };
        try (ChangeLog log =
                ChangeLog.open(broker.settings(), id, SchemaBook.ownOnly(), interrupting)) {
            begin(log);
            // When
            var thread =
                    new Thread(
                            () -> {
                                try (ChangeBatch batch = log.batch()) {
                                    change(batch, 1000, 0, 10);
                                    batch.flushable(1050);
                                    batch.commit();
                                } catch (InterruptedException expected) {
                                    // The next writer finishes it.
                                }
                            },
                            "interrupted");
            thread.start();
            thread.join(MOST.toMillis());
            // Then
            try (ChangeBatch batch = log.batch()) {
                assertThat(batch.position()).isEqualTo(new Position(1000, 0));
            }
            assertThat(log.progress().changes()).isEqualTo(1);
        }
        assertThat(LogReader.all(broker.settings(), id, Change.class)).hasSize(1);
    }

    private ChangeLog open() throws InterruptedException {
        return ChangeLog.open(broker.settings(), id, SchemaBook.ownOnly(), CrashPoints.none());
    }

    private void begin(ChangeLog log) throws InterruptedException {
        log.begin(
                new StreamStart("4711", 500L, "godwit_" + id),
                StreamState.newBuilder()
                        .setOwnerEpoch(0)
                        .setSystemIdentifier("4711")
                        .setTimeline(1)
                        .setConsistentPoint(500)
                        .setFinalLsn(0)
                        .setOrdinal(-1)
                        .setFlushableLsn(500)
                        .setCaptured(new Counters(0L, 0L, 0L, 0L))
                        .build(),
                List.of(),
                List.of());
    }

    private void appendUnchecked(ChangeLog log, long lsn) {
        try {
            append(log, lsn, 0, 10);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void append(ChangeLog log, long lsn, long ordinal, int size)
            throws InterruptedException {
        try (ChangeBatch batch = log.batch()) {
            change(batch, lsn, ordinal, size);
            batch.flushable(lsn + 50);
            batch.commit();
        }
    }

    private void change(ChangeBatch batch, long lsn, long ordinal, int size)
            throws InterruptedException {
        var change =
                new Change(
                        1,
                        Operation.INSERT,
                        lsn,
                        ordinal,
                        1L,
                        1L,
                        true,
                        OldRow.NONE,
                        List.of(),
                        List.of(ByteBuffer.wrap(new byte[size])));
        batch.change(ITEM, new byte[] {'k'}, codec.encode(change), Operation.INSERT, lsn, ordinal);
    }

    private static Sequences sequences(String marker) {
        return new Sequences(
                marker,
                List.of(
                        new SequenceValue(
                                new QualifiedName("public", "s"), 5L, true, null, false)));
    }
}
