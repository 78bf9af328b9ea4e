// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.SourceObjects;
import dev.godwit.schemas.StreamStart;
import dev.godwit.schemas.StreamState;
import dev.godwit.schemas.TableLoad;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;

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
    /**
     * Most of a transaction in one request: a batch that waits behind another wakes the sender at
     * every record.
     */
    private static final int BATCH_BYTES = 1_000_000;

    private static final int TRIES = 20;
    private static final Duration BEFORE_TRYING_AGAIN = Duration.ofMillis(500);

    private final String databaseId;
    private final RecordCodec codec;
    private final Recovered recovered;
    private final StreamTally tally;
    private final LogTransactions transactions;
    private final long epoch;

    private ChangeLog(
            String databaseId,
            KafkaProducer<byte[], byte[]> producer,
            RecordCodec codec,
            CrashPoints crashPoints,
            StateReader former) {
        this.databaseId = databaseId;
        this.codec = codec;
        this.recovered = former.recovered();
        this.epoch = former.lastEpoch() + 1;
        StreamState newest = former.stream();
        this.tally =
                new StreamTally(
                        newest == null ? StreamTally.blank(epoch) : newest, recovered.tables());
        this.transactions =
                new LogTransactions(
                        databaseId, Topics.changes(databaseId), producer, tally, crashPoints);
    }

    /**
     * Fences former owners, reads the state to its end, and commits the next owner epoch. The
     * topics must exist.
     *
     * @throws MigrationException BROKER_FAILED when Kafka does not answer for a minute: try again
     */
    public static ChangeLog open(
            KafkaSettings kafka, String databaseId, SchemaBook book, CrashPoints crashPoints)
            throws InterruptedException {
        String transactionalId = "godwit-capture-" + databaseId;
        var producer =
                kafka.transactionalProducer(
                        transactionalId,
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
        try (Admin admin = kafka.admin()) {
            producer.initTransactions();
            new HangingTransactions(admin, databaseId, transactionalId).abort();
            var codec = new RecordCodec(book);
            var log =
                    new ChangeLog(
                            databaseId,
                            producer,
                            codec,
                            crashPoints,
                            StateReader.read(kafka, admin, databaseId, codec));
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

    /**
     * Refuses to go on behind changes that are gone; releasing and cancelling need none.
     *
     * @throws MigrationException LOG_FOREIGN when a stream has begun and its log was never written
     */
    public void requireChanges() {
        if (recovered.changesLost()) {
            throw new MigrationException(
                    ErrorCode.LOG_FOREIGN,
                    "topic %s is empty though its stream has begun"
                            .formatted(Topics.changes(databaseId)));
        }
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
            batch.append(start);
            for (SchemaChange shape : shapes) {
                batch.schemaChange(shape);
            }
            batch.loads(loads);
        });
    }

    /**
     * Records where target tables' rows come from otherwise than before, with the shapes of the
     * tables that the stream has not had. Only between two transactions of the source, while nobody
     * streams.
     */
    public void reroute(Collection<SchemaChange> shapes, Collection<TableLoad> loads)
            throws InterruptedException {
        write(batch -> {
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
                batch.append(sequences);
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
        return transactions.waiting();
    }

    /** Begins a transaction of changes; waits for another thread's to end. Close it in any case. */
    public ChangeBatch batch() throws InterruptedException {
        return ChangeBatch.begin(databaseId, codec, tally, transactions);
    }

    /** Aborts an open transaction and leaves. */
    @Override
    public void close() {
        transactions.close();
    }

    private void own() throws InterruptedException {
        write(batch -> {
            StreamState mine = StreamState.newBuilder(tally.state()).setOwnerEpoch(epoch).build();
            tally.replace(mine);
        });
    }

    private interface Writing {
        void write(ChangeBatch batch) throws InterruptedException;
    }

    private void write(Writing what) throws InterruptedException {
        for (int tries = 1; ; tries++) {
            try (ChangeBatch batch = batch()) {
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
}
