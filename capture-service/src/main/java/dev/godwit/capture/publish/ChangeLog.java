// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ChangeFragment;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.SourceObjects;
import dev.godwit.schemas.StreamStart;
import dev.godwit.schemas.StreamState;
import dev.godwit.schemas.TableLoad;
import dev.godwit.schemas.TableState;
import dev.godwit.schemas.Truncate;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer of {@code godwit.<id>.changes} and {@code godwit.<id>.state}, by Kafka
 * transactions. Opening it fences every former owner and aborts what that left open. All methods
 * may be called by any thread; each of those that write returns after its own committed
 * transaction, and waits for a broker that is away for as long as it takes.
 *
 * <p>After an {@link OwnerFencedException} nothing works any more. A thread that is interrupted
 * while it waits for a commit leaves that to the next writer, which finishes it first.
 */
public final class ChangeLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ChangeLog.class);

    /** Above this a change travels in fragments: Kafka's default limit is 1 MiB a record. */
    static final int RECORD_BYTES_MAX = 900 * 1024;

    /**
     * Most of a transaction in one request: a batch that waits behind another wakes the sender at
     * every record.
     */
    private static final int BATCH_BYTES = 1_000_000;

    private static final int TRIES = 20;
    private static final Duration BEFORE_TRYING_AGAIN = Duration.ofMillis(500);
    private static final Duration CLOSE_MOST = Duration.ofSeconds(3);

    /** What the last transaction still needs before the next can begin. */
    private enum Unfinished {
        NOTHING,
        COMMIT,
        ABORT
    }

    private final String databaseId;
    private final String changes;
    private final String state;
    private final KafkaProducer<byte[], byte[]> producer;
    private final RecordCodec codec;
    private final CrashPoints crashPoints;
    private final Recovered recovered;
    private final StreamTally tally;
    private final long epoch;
    private final ReentrantLock writing = new ReentrantLock();
    private Unfinished unfinished = Unfinished.NOTHING;
    private boolean open;
    private volatile boolean closed;
    private volatile @Nullable OwnerFencedException fenced;
    private volatile @Nullable MigrationException waiting;

    private ChangeLog(
            String databaseId,
            KafkaProducer<byte[], byte[]> producer,
            RecordCodec codec,
            CrashPoints crashPoints,
            StateReader former) {
        this.databaseId = databaseId;
        this.changes = Topics.changes(databaseId);
        this.state = Topics.state(databaseId);
        this.producer = producer;
        this.codec = codec;
        this.crashPoints = crashPoints;
        this.recovered = former.recovered();
        this.epoch = former.lastEpoch() + 1;
        StreamState newest = former.stream();
        this.tally =
                new StreamTally(
                        newest == null ? StreamTally.blank(epoch) : newest, recovered.tables());
    }

    /**
     * Fences former owners, reads the state to its end, and commits the next owner epoch. The
     * topics must exist.
     *
     * @throws MigrationException BROKER_FAILED when Kafka does not answer for a minute: try again;
     *     LOG_FOREIGN when the changes are gone though a stream has begun
     */
    public static ChangeLog open(
            KafkaSettings kafka, String databaseId, SchemaBook book, CrashPoints crashPoints)
            throws InterruptedException {
        var producer =
                kafka.transactionalProducer(
                        "godwit-capture-" + databaseId,
                        Map.of(
                                ProducerConfig.CLIENT_ID_CONFIG,
                                "changes-" + databaseId,
                                ProducerConfig.LINGER_MS_CONFIG,
                                5,
                                ProducerConfig.BATCH_SIZE_CONFIG,
                                BATCH_BYTES,
                                // With more, the second request of a transaction may pass the
                                // first, which the broker
                                // refuses (KIP-890); the retry then costs more than was won.
                                ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                                1,
                                ProducerConfig.RETRY_BACKOFF_MS_CONFIG,
                                10,
                                ProducerConfig.BUFFER_MEMORY_CONFIG,
                                16L * 1024 * 1024));
        try {
            producer.initTransactions();
            var codec = new RecordCodec(book);
            var log =
                    new ChangeLog(
                            databaseId,
                            producer,
                            codec,
                            crashPoints,
                            StateReader.read(kafka, databaseId, codec));
            log.own();
            return log;
        } catch (TimeoutException e) {
            producer.close(Duration.ZERO);
            throw new MigrationException(ErrorCode.BROKER_FAILED, "Kafka does not answer", e);
        } catch (InterruptException e) {
            Thread.interrupted();
            producer.close(Duration.ZERO);
            throw new InterruptedException();
        } catch (KafkaException e) {
            producer.close(Duration.ZERO);
            throw new MigrationException(ErrorCode.BROKER_FAILED, "the log cannot be opened", e);
        } catch (InterruptedException | RuntimeException e) {
            producer.close(Duration.ZERO);
            throw e;
        }
    }

    /** Of this owner: one more than any before, never used twice. */
    public long epoch() {
        return epoch;
    }

    /** What was there at opening. */
    public Recovered recovered() {
        return recovered;
    }

    /** The stream's committed state, of this owner too; empty as long as none has begun. */
    public Optional<StreamState> stream() {
        return Optional.of(tally.committedState())
                .filter(committed -> committed.getConsistentPoint() != 0);
    }

    /**
     * Begins a fresh stream: Start, the tables' shapes, the stream's state and the snapshot LSN of
     * each load, in one transaction. The owner epoch in the state is set here; position, counters
     * and flushable LSN start at nothing and the consistent point.
     *
     * @throws IllegalStateException if a stream has begun already
     */
    public void begin(
            StreamStart start,
            StreamState stream,
            Collection<SchemaChange> shapes,
            Collection<TableLoad> loads)
            throws InterruptedException {
        write(batch -> {
            if (tally.state().getConsistentPoint() != 0) {
                throw new IllegalStateException("a stream has begun already");
            }
            StreamState first = StreamTally.blank(epoch);
            first.setSystemIdentifier(stream.getSystemIdentifier());
            first.setTimeline(stream.getTimeline());
            first.setConsistentPoint(start.getConsistentPoint());
            first.setFlushableLsn(start.getConsistentPoint());
            tally.replace(first);
            batch.toChanges(null, codec.encode(start));
            for (SchemaChange shape : shapes) {
                batch.schemaChange(shape);
            }
            batch.loads(loads);
        });
    }

    /** Records how far tables' loads are. */
    public void record(Collection<TableLoad> loads) throws InterruptedException {
        write(batch -> batch.loads(loads));
    }

    /** Records how far one table's load is. */
    public void record(TableLoad load) throws InterruptedException {
        record(List.of(load));
    }

    /** Records what stands on the source because of us. */
    public void record(SourceObjects objects) throws InterruptedException {
        write(batch -> batch.toState(Topics.SOURCE_KEY, objects));
    }

    /**
     * Appends the sequences read after a marker. Repeating it for the same marker appends nothing.
     */
    public void append(Sequences sequences) throws InterruptedException {
        write(batch -> {
            if (!sequences.getMarker().equals(tally.state().getSequencesFor())) {
                batch.toChanges(null, codec.encode(sequences));
                tally.sequencesFor(sequences.getMarker());
            }
        });
    }

    /** What is committed now. */
    public Progress progress() {
        return tally.progress();
    }

    /**
     * Set while Kafka has not answered for a minute, or has refused a transaction. It goes on by
     * itself.
     */
    public Optional<MigrationException> waiting() {
        return Optional.ofNullable(waiting);
    }

    /** Begins a transaction of changes; waits for another thread's to end. Close it in any case. */
    public Batch batch() throws InterruptedException {
        writing.lockInterruptibly();
        try {
            requireOwner();
            finish();
            return new Batch();
        } catch (InterruptedException | RuntimeException e) {
            writing.unlock();
            throw e;
        }
    }

    /** Aborts an open transaction and leaves. */
    @Override
    public void close() {
        closed = true;
        // Not under the lock: a thread may hold it waiting for a broker that is away, and this ends
        // its wait.
        producer.close(CLOSE_MOST);
    }

    private void own() throws InterruptedException {
        write(batch -> {
            StreamState mine = StreamState.newBuilder(tally.state()).setOwnerEpoch(epoch).build();
            tally.replace(mine);
        });
    }

    private interface Writing {
        void write(Batch batch) throws InterruptedException;
    }

    private void write(Writing what) throws InterruptedException {
        for (int tries = 1; ; tries++) {
            try (Batch batch = batch()) {
                what.write(batch);
                batch.commit();
                return;
            } catch (MigrationException e) {
                if (tries == TRIES) {
                    throw e;
                }
                LockSupport.parkNanos(BEFORE_TRYING_AGAIN.toNanos());
            }
        }
    }

    private void requireOwner() {
        OwnerFencedException before = fenced;
        if (before != null) {
            throw new OwnerFencedException(
                    "this owner's log is closed: " + before.getMessage(), before);
        }
        if (closed) {
            throw new OwnerFencedException("this owner has closed its log", null);
        }
    }

    /** Brings the last transaction to its end, if somebody was interrupted in it. */
    private void finish() throws InterruptedException {
        switch (unfinished) {
            case NOTHING -> {}
            case COMMIT -> commitOpen();
            case ABORT -> abortOpen();
        }
    }

    private void commitOpen() throws InterruptedException {
        unfinished = Unfinished.COMMIT;
        try {
            patiently(producer::commitTransaction);
        } catch (KafkaException e) {
            LOG.atWarn()
                    .setCause(e)
                    .addKeyValue("migration", databaseId)
                    .addKeyValue("topic", changes)
                    .log("a transaction failed and is rolled back");
            throw rolledBack("Kafka did not take the changes", e);
        }
        unfinished = Unfinished.NOTHING;
        open = false;
        tally.commit();
    }

    private MigrationException rolledBack(String what, KafkaException e)
            throws InterruptedException {
        var failure = new MigrationException(ErrorCode.BROKER_FAILED, what, e);
        waiting = failure;
        abortOpen();
        return failure;
    }

    /**
     * Kafka's first error does not tell whether a newer owner exists; whether the abort works does.
     */
    private void abortOpen() throws InterruptedException {
        unfinished = Unfinished.ABORT;
        try {
            if (open) {
                patiently(producer::abortTransaction);
            }
        } catch (KafkaException | IllegalStateException e) {
            var end =
                    new OwnerFencedException(
                            "Kafka lets this owner of %s write no more".formatted(changes), e);
            fenced = end;
            throw end;
        } finally {
            tally.rollBack();
        }
        unfinished = Unfinished.NOTHING;
        open = false;
    }

    /** The call goes on where it was when it is repeated after a time-out. */
    private void patiently(Runnable call) throws InterruptedException {
        while (true) {
            try {
                call.run();
                waiting = null;
                return;
            } catch (TimeoutException e) {
                if (closed) {
                    throw e;
                }
                waiting =
                        new MigrationException(
                                ErrorCode.BROKER_FAILED, "Kafka has not answered for a minute", e);
                LOG.atWarn()
                        .addKeyValue("migration", databaseId)
                        .addKeyValue("topic", changes)
                        .addKeyValue("code", ErrorCode.BROKER_FAILED)
                        .log("a transaction waits for Kafka");
            } catch (InterruptException e) {
                Thread.interrupted();
                throw (InterruptedException)
                        new InterruptedException("interrupted while Kafka ends a transaction")
                                .initCause(e);
            }
        }
    }

    /**
     * One transaction of changes, in order. Closing it uncommitted rolls it back. Belongs to the
     * thread that began it.
     */
    public final class Batch implements ChangeSink, AutoCloseable {
        private boolean ended;

        private Batch() {}

        @Override
        public Position position() {
            return new Position(tally.state().getFinalLsn(), tally.state().getOrdinal());
        }

        /** Whether anything was appended. */
        public boolean hasRecords() {
            return open;
        }

        @Override
        public void schemaChange(SchemaChange shape) throws InterruptedException {
            toChanges(null, codec.encode(shape));
        }

        /** In fragments if it is too large for a record. */
        @Override
        public void change(
                TableName source,
                byte[] key,
                byte[] change,
                Operation operation,
                long finalLsn,
                long ordinal)
                throws InterruptedException {
            if (change.length <= RECORD_BYTES_MAX) {
                toChanges(key, change);
            } else {
                fragments(key, change, finalLsn, ordinal);
            }
            tally.count(source, operation);
            tally.moveTo(finalLsn, ordinal);
        }

        @Override
        public void truncate(List<TableName> sources, Truncate truncate)
                throws InterruptedException {
            toChanges(null, codec.encode(truncate));
            sources.forEach(tally::countTruncate);
            tally.moveTo(truncate.getFinalLsn(), truncate.getOrdinal());
        }

        @Override
        public void marker(MarkerKind kind, String id, Position position, long commitMicros)
                throws InterruptedException {
            long changesBefore = tally.mark(id);
            toChanges(
                    null,
                    codec.encode(
                            new Marker(
                                    id,
                                    kind,
                                    position.finalLsn(),
                                    position.ordinal(),
                                    commitMicros,
                                    changesBefore)));
            tally.moveTo(position.finalLsn(), position.ordinal());
        }

        /** The slot may be flushed up to here once this transaction is committed. */
        public void flushable(long lsn) {
            tally.flushable(lsn);
        }

        /**
         * Writes the state and commits, if there is anything to commit.
         *
         * @throws MigrationException BROKER_FAILED: rolled back, the log stands where it stood
         *     before this batch
         * @throws OwnerFencedException if this owner may write no more
         */
        public void commit() throws InterruptedException {
            if (tally.changed()) {
                toState(Topics.STREAM_KEY, tally.state());
                for (TableState table : tally.touched()) {
                    toState(Topics.tableKey(table.getSource()), table);
                }
            }
            ended = true;
            if (open) {
                crashPoints.reach(CrashPoint.BEFORE_LOG_COMMIT);
                commitOpen();
                crashPoints.reach(CrashPoint.AFTER_LOG_COMMIT);
            }
        }

        @Override
        public void close() {
            try {
                if (!ended) {
                    abortOpen();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                writing.unlock();
            }
        }

        private void loads(Collection<TableLoad> loads) throws InterruptedException {
            for (TableLoad load : loads) {
                toState(Topics.loadKey(load.getTarget()), load);
            }
        }

        private void fragments(byte[] key, byte[] change, long finalLsn, long ordinal)
                throws InterruptedException {
            var crc = new CRC32C();
            crc.update(change);
            int count = Math.ceilDiv(change.length, RECORD_BYTES_MAX);
            for (int number = 0; number < count; number++) {
                int from = number * RECORD_BYTES_MAX;
                int length = Math.min(RECORD_BYTES_MAX, change.length - from);
                toChanges(
                        key,
                        codec.encode(
                                new ChangeFragment(
                                        finalLsn,
                                        ordinal,
                                        number,
                                        count,
                                        (long) change.length,
                                        crc.getValue(),
                                        ByteBuffer.wrap(change, from, length))));
            }
        }

        private void toChanges(byte @Nullable [] key, byte[] value) throws InterruptedException {
            send(changes, key, value);
        }

        private void toState(String key, SpecificRecord value) throws InterruptedException {
            send(state, key.getBytes(StandardCharsets.UTF_8), codec.encode(value));
        }

        /**
         * What goes wrong later with one record fails the commit, so nobody looks at the future.
         */
        @SuppressWarnings("FutureReturnValueIgnored")
        private void send(String topic, byte @Nullable [] key, byte[] value)
                throws InterruptedException {
            try {
                if (!open) {
                    producer.beginTransaction();
                    open = true;
                }
                producer.send(new ProducerRecord<>(topic, 0, key, value));
            } catch (InterruptException e) {
                // The abort may have to wait for a broker: that is the next writer's.
                Thread.interrupted();
                ended = true;
                unfinished = Unfinished.ABORT;
                tally.rollBack();
                throw (InterruptedException)
                        new InterruptedException("interrupted while Kafka takes a change")
                                .initCause(e);
            } catch (KafkaException e) {
                ended = true;
                throw rolledBack("Kafka did not take a change", e);
            }
        }
    }
}
