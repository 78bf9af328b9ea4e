// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.connector.postgresql.connection.ReplicationStream;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import io.debezium.connector.postgresql.spi.SlotCreationResult;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;

/** Debezium's replication connection, made to read a slot raw. It creates nothing on the server. */
final class SlotConnection implements ReplicationConnection {
    private static final int STATUS_SECONDS = 5;

    private final SlotSettings slot;
    private final Waiting waiting;
    private @Nullable Connection connection;

    SlotConnection(SlotSettings slot, Waiting waiting) {
        this.slot = slot;
        this.waiting = waiting;
    }

    /**
     * From where the log is complete, or the position that the server has confirmed if that is
     * behind, whatever Debezium's own offset says: whole transactions.
     */
    @Override
    public ReplicationStream startStreaming(WalPositionLocator ignored) throws SQLException {
        var options =
                open().unwrap(PGConnection.class)
                        .getReplicationAPI()
                        .replicationStream()
                        .logical()
                        .withSlotName('"' + slot.name() + '"')
                        .withStartPosition(LogSequenceNumber.valueOf(slot.startLsn()))
                        // The driver's own flushing may confirm what Kafka has not acknowledged.
                        .withAutomaticFlush(false)
                        .withSlotOption("proto_version", 1)
                        .withSlotOption("publication_names", '"' + slot.name() + '"')
                        .withStatusInterval(STATUS_SECONDS, TimeUnit.SECONDS);
        if (slot.messages()) {
            options = options.withSlotOption("messages", true);
        }
        return new SlotStream(options.start(), slot, waiting);
    }

    @Override
    public ReplicationStream startStreaming(Lsn ignored, WalPositionLocator ignoredToo)
            throws SQLException {
        return startStreaming(ignoredToo);
    }

    /**
     * Never: a new slot in place of a lost one would skip changes in silence. Starting to stream
     * then fails.
     */
    @Override
    public Optional<SlotCreationResult> createReplicationSlot() {
        return Optional.empty();
    }

    @Override
    public void initConnection() {}

    @Override
    public synchronized boolean isConnected() throws SQLException {
        return connection != null && !connection.isClosed();
    }

    @Override
    public synchronized void reconnect() throws SQLException {
        close();
        open();
    }

    @Override
    public synchronized void close() throws SQLException {
        Connection old = connection;
        connection = null;
        if (old != null) {
            old.close();
        }
    }

    private synchronized Connection open() throws SQLException {
        Connection current = connection;
        if (current == null || current.isClosed()) {
            current = DriverManager.getConnection(slot.url(), slot.properties());
            connection = current;
        }
        return current;
    }
}
