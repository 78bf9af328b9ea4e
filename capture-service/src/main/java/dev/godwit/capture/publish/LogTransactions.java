// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Kafka transactions of one owner's log, one after another, each of one thread. What a
 * transaction makes of the tally is committed and rolled back with it. Nothing is given up while a
 * broker is away; after an {@link OwnerFencedException} nothing works any more.
 */
final class LogTransactions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LogTransactions.class);
    private static final Duration CLOSE_MOST = Duration.ofSeconds(3);

    /** What the last transaction still needs before the next can begin. */
    private enum Unfinished {
        NOTHING,
        COMMIT,
        ABORT
    }

    private final String databaseId;
    private final String changes;
    private final KafkaProducer<byte[], byte[]> producer;
    private final StreamTally tally;
    private final CrashPoints crashPoints;
    private final ReentrantLock writing = new ReentrantLock();
    private Unfinished unfinished = Unfinished.NOTHING;
    private boolean open;
    private boolean ended;
    private volatile boolean closed;
    private volatile @Nullable OwnerFencedException fenced;
    private volatile @Nullable MigrationException waiting;

    /**
     * Of a producer that has fenced every other.
     *
     * @param changes the topic that failures name
     */
    LogTransactions(
            String databaseId,
            String changes,
            KafkaProducer<byte[], byte[]> producer,
            StreamTally tally,
            CrashPoints crashPoints) {
        this.databaseId = databaseId;
        this.changes = changes;
        this.producer = producer;
        this.tally = tally;
        this.crashPoints = crashPoints;
    }

    /**
     * Begins the next; waits for another thread's to end, and brings one to its end that its thread
     * was interrupted in. {@link #end} belongs to every one that has begun.
     */
    void begin() throws InterruptedException {
        if (writing.isHeldByCurrentThread()) {
            throw new IllegalStateException("a transaction of the log inside another");
        }
        writing.lockInterruptibly();
        try {
            requireOwner();
            finish();
            ended = false;
        } catch (InterruptedException | RuntimeException e) {
            writing.unlock();
            throw e;
        }
    }

    /** Whether it holds a record. */
    boolean hasRecords() {
        return open;
    }

    /** What goes wrong later with one record fails the commit, so nobody looks at the future. */
    @SuppressWarnings("FutureReturnValueIgnored")
    void send(String topic, byte @Nullable [] key, byte[] value) throws InterruptedException {
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
                    new InterruptedException("interrupted while Kafka takes a change").initCause(e);
        } catch (KafkaException e) {
            ended = true;
            throw rolledBack("Kafka did not take a change", e);
        }
    }

    /**
     * Commits, if there is a record.
     *
     * @throws MigrationException BROKER_FAILED: rolled back
     * @throws OwnerFencedException if this owner may write no more
     */
    void commit() throws InterruptedException {
        ended = true;
        if (open) {
            crashPoints.reach(CrashPoint.BEFORE_LOG_COMMIT);
            commitOpen();
            crashPoints.reach(CrashPoint.AFTER_LOG_COMMIT);
        }
    }

    /** Rolls back what is not committed, and lets the next thread begin. */
    void end() {
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

    /**
     * Set while Kafka has not answered for a minute, or has refused a transaction. It goes on by
     * itself.
     */
    Optional<MigrationException> waiting() {
        return Optional.ofNullable(waiting);
    }

    /** Aborts an open transaction and leaves. */
    @Override
    public void close() {
        closed = true;
        // Not under the lock: a thread may hold it waiting for a broker that is away, and this ends
        // its wait.
        producer.close(CLOSE_MOST);
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
}
