// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;

/**
 * Makes and drops the slots of one database migration: the main one, and temporary ones for later
 * attempts, which live as long as the connection that made them and are needed only until the
 * keeper has their snapshot.
 */
public final class Slots {
    private static final long LOOK_MILLIS = 500;
    private static final String OBJECT_IN_USE = "55006";
    private static final int DROP_TRIES = 100;
    private static final long DROP_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final SourceDatabase source;

    public Slots(SourceDatabase source) {
        this.source = source;
    }

    /**
     * Makes the main slot and keeps its snapshot.
     *
     * @param waitingFor is told, again and again, which transactions this waits for
     */
    public Snapshot createMain(Consumer<List<String>> waitingFor)
            throws InterruptedException, SQLException {
        return create(
                "CREATE_REPLICATION_SLOT "
                        + Identifiers.quote(source.objectName())
                        + " LOGICAL pgoutput EXPORT_SNAPSHOT",
                waitingFor);
    }

    /** Keeps a new snapshot with a known consistent point, and leaves no slot behind. */
    public Snapshot createTemporary(int number, Consumer<List<String>> waitingFor)
            throws InterruptedException, SQLException {
        String name = "%s_%d_%d".formatted(source.objectName(), source.epoch(), number);
        return create(
                "CREATE_REPLICATION_SLOT "
                        + Identifiers.quote(name)
                        + " TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT",
                waitingFor);
    }

    /** Drops the main slot whoever uses it. Gone is success. */
    public void dropMain(Connection connection) throws SQLException {
        for (int tries = 1; exists(connection); tries++) {
            try {
                endUser(connection);
                dropIdle(connection, "", 0);
            } catch (SQLException e) {
                if (!SqlStates.state(e).equals(OBJECT_IN_USE)
                        && !SqlStates.state(e).equals("42704")) {
                    throw e;
                }
            }
            if (tries >= DROP_TRIES) {
                throw new SQLException(
                        "slot " + source.objectName() + " is in use and cannot be dropped",
                        OBJECT_IN_USE);
            }
            LockSupport.parkNanos(this, DROP_PAUSE_NANOS);
        }
    }

    /** Drops the main slot if it is the very one that was made at this consistent point. */
    public void dropMain(Connection connection, long consistentPoint) throws SQLException {
        dropIdle(connection, "AND confirmed_flush_lsn = ?::pg_lsn", consistentPoint);
    }

    private Snapshot create(String command, Consumer<List<String>> waitingFor)
            throws InterruptedException, SQLException {
        try (Connection replication = source.openReplication("slot");
                Connection watch = source.open("slot-watch")) {
            int backend = replication.unwrap(PGConnection.class).getBackendPID();
            Made made = await(backend, watch, () -> make(replication, command), waitingFor);
            waitingFor.accept(List.of());
            return Snapshot.keep(source.open("keeper"), made.consistentPoint, made.snapshot);
        }
    }

    private record Made(long consistentPoint, String snapshot) {}

    private static Made make(Connection replication, String command) throws SQLException {
        try (Statement statement = replication.createStatement();
                ResultSet row = statement.executeQuery(command)) {
            row.next();
            return new Made(
                    LogSequenceNumber.valueOf(row.getString("consistent_point")).asLong(),
                    row.getString("snapshot_name"));
        }
    }

    /** The command blocks in the server; meanwhile the watch says for whom, and can end it. */
    private Made await(
            int backend,
            Connection watch,
            java.util.concurrent.Callable<Made> command,
            Consumer<List<String>> waitingFor)
            throws InterruptedException, SQLException {
        var making = new FutureTask<>(command);
        Thread.ofPlatform().daemon().name("slot-" + source.id()).start(making);
        boolean made = false;
        try {
            while (true) {
                try {
                    Made slot = making.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                    made = true;
                    return slot;
                } catch (TimeoutException stillWaiting) {
                    waitingFor.accept(BlockingTransactions.read(watch));
                }
            }
        } catch (ExecutionException e) {
            throw refused(e.getCause());
        } finally {
            if (!made) {
                terminate(watch, backend);
            }
        }
    }

    private MigrationException refused(@Nullable Throwable cause) throws SQLException {
        if (!(cause instanceof SQLException refused)) {
            return new MigrationException(ErrorCode.INTERNAL, "making the slot failed", cause);
        }
        if (SqlStates.state(refused).equals("55000")) {
            return new MigrationException(
                    ErrorCode.WAL_LEVEL,
                    "the source refuses a slot: " + SourceDatabase.message(refused),
                    refused);
        }
        if (SqlStates.state(refused).equals("42501")) {
            return new MigrationException(
                    ErrorCode.NO_REPLICATION_RIGHT,
                    "the source refuses a slot: " + SourceDatabase.message(refused),
                    refused);
        }
        return source.failed("making the slot", refused);
    }

    private boolean exists(Connection connection) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement(
                        "SELECT FROM pg_catalog.pg_replication_slots WHERE slot_name = ?")) {
            query.setString(1, source.objectName());
            try (ResultSet row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    private void endUser(Connection connection) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement(
                        """
                        SELECT pg_catalog.pg_terminate_backend(active_pid)
                          FROM pg_catalog.pg_replication_slots
                         WHERE slot_name = ? AND active_pid IS NOT NULL
                        """)) {
            query.setString(1, source.objectName());
            query.execute();
        }
    }

    private void dropIdle(Connection connection, String condition, long consistentPoint)
            throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement(
                        """
                        SELECT pg_catalog.pg_drop_replication_slot(slot_name)
                          FROM pg_catalog.pg_replication_slots
                         WHERE slot_name = ? AND NOT active
                        """
                                + condition)) {
            query.setString(1, source.objectName());
            if (!condition.isEmpty()) {
                query.setString(2, LogSequenceNumber.valueOf(consistentPoint).asString());
            }
            query.execute();
        }
    }

    private static void terminate(Connection watch, int backend) throws SQLException {
        if (watch.isClosed()) {
            return;
        }
        try (PreparedStatement query =
                watch.prepareStatement("SELECT pg_catalog.pg_terminate_backend(?)")) {
            query.setInt(1, backend);
            query.execute();
        }
    }
}
