// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.capture.publish.ChangeBatch;
import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.publish.OwnerFencedException;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of Debezium's engine, which is one-shot: it reads the slot until it fails or is closed.
 * Its handler commits each batch to the log before it returns, and marks what the slot may forget.
 */
final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final Duration CLOSE_RETRY = Duration.ofMillis(50);

    private final ChangeLog log;
    private final PgOutputDecoder decoder;
    private final long idleCommitNanos;
    private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
    private final Thread thread;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable Throwable error;
    private volatile boolean received;
    private volatile boolean drained;
    private volatile long receivedLsn;
    private long committedAt = System.nanoTime();
    private long acknowledged;

    Engine(
            String name,
            Properties settings,
            ChangeLog log,
            PgOutputDecoder decoder,
            Duration idleCommit) {
        this.log = log;
        this.decoder = decoder;
        this.idleCommitNanos = idleCommit.toNanos();
        this.receivedLsn = log.progress().flushableLsn();
        this.acknowledged = receivedLsn;
        this.engine =
                DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                        .using(settings)
                        .using(
                                (DebeziumEngine.CompletionCallback)
                                        (success, message, failure) -> {
                                            error = failure;
                                            ended.countDown();
                                        })
                        .notifying(new Handler())
                        .build();
        this.thread = Thread.ofPlatform().daemon().name(name).unstarted(engine);
    }

    void start() {
        thread.start();
    }

    /** Whether it ended within this time. */
    boolean awaitEnd(Duration most) throws InterruptedException {
        return ended.await(most.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Whether all that the decoder has read before its end is committed. */
    boolean drained() {
        return drained;
    }

    /** Whether the source has sent anything yet. */
    boolean receives() {
        return received;
    }

    long receivedLsn() {
        return receivedLsn;
    }

    /**
     * Why it ended.
     *
     * @throws OwnerFencedException if the log refused this owner
     */
    MigrationException failure() {
        Throwable first = error;
        for (Throwable cause = first; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case OwnerFencedException fenced -> throw fenced;
                case MigrationException known -> {
                    return known;
                }
                case PgOutputException defect -> {
                    return new MigrationException(
                            ErrorCode.INTERNAL,
                            "the WAL cannot be decoded: " + defect.getMessage(),
                            defect);
                }
                case SQLException sql -> {
                    return new MigrationException(
                            code(sql), "the stream broke: " + sql.getMessage(), sql);
                }
                default -> {}
            }
        }
        return new MigrationException(ErrorCode.SOURCE_FAILED, "the stream ended", first);
    }

    private static ErrorCode code(SQLException e) {
        if (SqlStates.refused(e)) {
            return ErrorCode.SOURCE_REFUSED;
        }
        String state = SqlStates.state(e);
        if (state.equals("42501")) {
            return ErrorCode.PERMISSION_DENIED;
        }
        return state.startsWith("08") ? ErrorCode.SERVER_UNREACHABLE : ErrorCode.SOURCE_FAILED;
    }

    /** Ends it, wherever it is. Its thread, its tasks' and its connections are gone afterwards. */
    @Override
    public void close() {
        try {
            while (ended.getCount() > 0 && !closeNow()) {
                // It starts, or it ends by itself: both take a moment.
                ended.await(CLOSE_RETRY.toMillis(), TimeUnit.MILLISECONDS);
            }
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean closeNow() {
        try {
            engine.close();
            return true;
        } catch (IllegalStateException e) {
            return false;
        } catch (IOException e) {
            LOG.atWarn().setCause(e).log("the engine did not close cleanly");
            return true;
        }
    }

    private final class Handler
            implements DebeziumEngine.ChangeConsumer<RecordChangeEvent<SourceRecord>> {
        @Override
        public void handleBatch(
                List<RecordChangeEvent<SourceRecord>> records,
                RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
                throws InterruptedException {
            boolean committed;
            try (ChangeBatch batch = log.batch()) {
                decoder.appendTo(batch);
                for (RecordChangeEvent<SourceRecord> record : records) {
                    Struct message = ((Struct) record.record().value()).getStruct("message");
                    Frames.read((ByteBuffer) message.get("content"), decoder);
                }
                committed =
                        batch.hasRecords()
                                || decoder.ended()
                                || System.nanoTime() - committedAt >= idleCommitNanos;
                if (committed) {
                    batch.flushable(decoder.flushable());
                    batch.commit();
                    committedAt = System.nanoTime();
                }
            }
            drained = decoder.ended();
            received = true;
            receivedLsn = Math.max(receivedLsn, decoder.flushable());
            if (committed && decoder.flushable() > acknowledged) {
                acknowledged = decoder.flushable();
                acknowledge(records.getLast(), committer);
            }
            committer.markBatchFinished();
        }

        /**
         * Without Debezium's own position in the offset PostgreSQL sends whole transactions again,
         * and none is filtered.
         */
        private void acknowledge(
                RecordChangeEvent<SourceRecord> newest,
                RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
                throws InterruptedException {
            DebeziumEngine.Offsets offsets = committer.buildOffsets();
            offsets.set("lsn", acknowledged);
            offsets.set("lsn_commit", acknowledged);
            committer.markProcessed(newest, offsets);
        }

        @Override
        public boolean supportsTombstoneEvents() {
            return false;
        }
    }
}
