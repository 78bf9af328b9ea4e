// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import io.debezium.connector.postgresql.connection.LogicalDecodingMessage;
import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationMessage.Operation;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the slot's messages undecoded and hands them on, many in one record of Debezium's. One
 * thread reads; status messages may be sent by others.
 */
final class SlotStream implements ReplicationStream {
    private static final Logger LOG = LoggerFactory.getLogger(SlotStream.class);

    /** Prefix of the logical messages that carry ours through the engine. */
    private static final String PREFIX = "frames";

    private final PGReplicationStream stream;
    private final SlotSettings slot;
    private final Waiting waiting;
    private final Frames.Gathering gathering;
    private boolean inTransaction;
    private long handedOnAt = System.nanoTime();
    private long keepAliveHandedOn;
    private long flushed;
    private volatile Lsn lastReceived = Lsn.valueOf(0L);
    private volatile @Nullable ExecutorService keepAlive;

    SlotStream(PGReplicationStream stream, SlotSettings slot, Waiting waiting) {
        this.stream = stream;
        this.slot = slot;
        this.waiting = waiting;
        this.gathering = new Frames.Gathering(slot.frameBytes());
    }

    /**
     * Drains what the server has sent: a record when it is full, when it is large and the handler
     * has nothing to do, or when nothing more is there and the last is a while ago. Never waits for
     * the engine.
     */
    @Override
    public boolean readPending(ReplicationMessageProcessor processor)
            throws SQLException, InterruptedException {
        if (waiting.enough()) {
            return false;
        }
        for (ByteBuffer message = stream.readPending();
                message != null;
                message = stream.readPending()) {
            int length = message.remaining();
            note(message.get(message.position()));
            if (gathering.fits(length)) {
                gathering.add(message);
                if (gathering.isWorthIt() && waiting.none()) {
                    handOn(gathering.take(), processor);
                    return true;
                }
                continue;
            }
            if (!gathering.isEmpty()) {
                handOn(gathering.take(), processor);
            }
            if (gathering.fits(length)) {
                gathering.add(message);
            } else {
                handOn(Frames.alone(message), processor);
            }
            return true;
        }
        Duration since = Duration.ofNanos(System.nanoTime() - handedOnAt);
        long received = stream.getLastReceiveLSN().asLong();
        if (!inTransaction
                && Long.compareUnsigned(received, keepAliveHandedOn) > 0
                && since.compareTo(gathering.isEmpty() ? slot.keepAlive() : slot.linger()) >= 0) {
            // Nothing is pending and no transaction is half here: all before this position has been
            // sent.
            gathering.addKeepAlive(received);
            keepAliveHandedOn = received;
        }
        if (gathering.isEmpty() || since.compareTo(slot.linger()) < 0) {
            return false;
        }
        handOn(gathering.take(), processor);
        return true;
    }

    /**
     * Debezium calls it with what the handler of its records has marked, so it is committed to
     * Kafka.
     */
    @Override
    public synchronized void flushLsn(Lsn lsn) throws SQLException {
        if (Long.compareUnsigned(lsn.asLong(), flushed) > 0) {
            flushed = lsn.asLong();
            stream.setFlushedLSN(lsn.asLogSequenceNumber());
            stream.setAppliedLSN(lsn.asLogSequenceNumber());
        }
        stream.forceUpdateStatus();
    }

    /**
     * Keeps the connection alive while the reading thread waits for a full queue, and asks for the
     * server's position.
     */
    @Override
    public void startKeepAlive(ExecutorService service) {
        keepAlive = service;
        service.execute(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                try {
                    stream.forceUpdateStatus();
                } catch (SQLException e) {
                    // The reading thread meets the same and reports it.
                    LOG.atDebug()
                            .setCause(e)
                            .addKeyValue("slot", slot.name())
                            .log("no status sent");
                    return;
                }
                LockSupport.parkNanos(slot.keepAlive().toNanos());
            }
        });
    }

    @Override
    public void stopKeepAlive() {
        ExecutorService service = keepAlive;
        if (service != null) {
            service.shutdownNow();
        }
    }

    @Override
    public void read(ReplicationMessageProcessor processor) {
        throw new UnsupportedOperationException("Debezium reads by readPending");
    }

    @Override
    public Lsn lastReceivedLsn() {
        return lastReceived;
    }

    @Override
    public Lsn startLsn() {
        return Lsn.valueOf(0L);
    }

    @Override
    public void close() throws SQLException {
        stream.close();
    }

    private void note(byte type) {
        if (type == 'B') {
            inTransaction = true;
        } else if (type == 'C') {
            inTransaction = false;
        }
    }

    private void handOn(byte[] content, ReplicationMessageProcessor processor)
            throws SQLException, InterruptedException {
        handedOnAt = System.nanoTime();
        LogSequenceNumber received = stream.getLastReceiveLSN();
        // RELATION and TYPE come without a position.
        if (received.asLong() != 0) {
            lastReceived = Lsn.valueOf(received);
        }
        waiting.handedOn();
        processor.process(
                new LogicalDecodingMessage(
                        Operation.MESSAGE, Instant.EPOCH, 0L, true, PREFIX, content));
    }
}
