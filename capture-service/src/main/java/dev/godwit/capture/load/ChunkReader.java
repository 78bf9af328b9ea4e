// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.source.Snapshot;
import dev.godwit.capture.source.SourceCatalog;
import dev.godwit.capture.source.SourceTable;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * Reads one chunk at the snapshot, on a session of its worker: a transaction of its own that locks
 * the table first and then looks whether it is still the table that the snapshot shows.
 */
final class ChunkReader {
    private static final String SESSION =
            "SET lock_timeout = '10s'; SET max_parallel_workers_per_gather = 0";

    private final Connection connection;
    private final Snapshot snapshot;
    private final LoadSettings settings;
    private final Semaphore wideRows;

    /**
     * @param wideRows one permit, for all readers together
     */
    ChunkReader(Connection connection, Snapshot snapshot, LoadSettings settings, Semaphore wideRows)
            throws SQLException {
        this.connection = connection;
        this.snapshot = snapshot;
        this.settings = settings;
        this.wideRows = wideRows;
        connection.setAutoCommit(true);
        try (Statement statement = connection.createStatement()) {
            statement.execute(SESSION);
        }
    }

    /**
     * Hands all rows of the chunk to the writer.
     *
     * @throws MigrationException TABLE_REWRITTEN if this snapshot cannot read the table any more,
     *     ROW_TOO_WIDE before the first byte is read
     */
    void read(SourceTable table, Chunk chunk, PieceWriter writer)
            throws SQLException, InterruptedException {
        try {
            begin(table, chunk);
            long widest = widest(table, chunk);
            if (widest > settings.rowBytesMax()) {
                throw new MigrationException(
                        ErrorCode.ROW_TOO_WIDE,
                        "table %s has a row of about %d bytes of text; rowBytesMax is %d"
                                .formatted(table.name(), widest, settings.rowBytesMax()));
            }
            if (widest > settings.wideRowBytes()) {
                wideRows.acquire();
                try {
                    copy(table, chunk, writer);
                } finally {
                    wideRows.release();
                }
            } else {
                copy(table, chunk, writer);
            }
        } finally {
            connection.rollback();
        }
    }

    private void begin(SourceTable table, Chunk chunk) throws SQLException, InterruptedException {
        switch (chunk) {
            // Their catalog is never truncated, and a rewrite keeps what an older snapshot shows.
            case Chunk.Objects objects -> snapshot.begin(connection);
            case Chunk.Whole whole -> lock(table);
            case Chunk.Blocks blocks -> lock(table);
            case Chunk.Keys keys -> lock(table);
        }
    }

    /** Waits for the lock as long as it takes, but never long at a stretch: others queue behind. */
    private void lock(SourceTable table) throws SQLException, InterruptedException {
        while (true) {
            snapshot.begin(connection);
            try (Statement statement = connection.createStatement()) {
                statement.execute(
                        "LOCK TABLE ONLY " + table.name().quoted() + " IN ACCESS SHARE MODE");
                break;
            } catch (SQLException e) {
                connection.rollback();
                if (SqlStates.state(e).equals("42P01")) {
                    throw rewritten(table);
                }
                if (!SqlStates.state(e).equals("55P03") || Thread.interrupted()) {
                    throw e;
                }
            }
        }
        Optional<Long> filenode = SourceCatalog.filenode(connection, table.name(), table.oid());
        if (filenode.isEmpty() || filenode.get() != table.filenode()) {
            throw rewritten(table);
        }
    }

    private static MigrationException rewritten(SourceTable table) {
        return new MigrationException(
                ErrorCode.TABLE_REWRITTEN,
                "table "
                        + table.name()
                        + " was rewritten, truncated or replaced since its snapshot");
    }

    private long widest(SourceTable table, Chunk chunk) throws SQLException {
        long least = Math.min(settings.rowBytesMax(), settings.wideRowBytes());
        if (!CopyStatements.mayHold(table, least)) {
            return 0;
        }
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(CopyStatements.widest(table, chunk, least))) {
            row.next();
            return row.getLong(1);
        }
    }

    private void copy(SourceTable table, Chunk chunk, PieceWriter writer)
            throws SQLException, InterruptedException {
        CopyOut copy =
                connection
                        .unwrap(PGConnection.class)
                        .getCopyAPI()
                        .copyOut(CopyStatements.copy(table, chunk));
        try {
            long rows = 0;
            for (byte[] row = copy.readFromCopy(); row != null; row = copy.readFromCopy()) {
                requireOneRow(row);
                writer.row(row);
                rows++;
            }
            if (rows != copy.getHandledRowCount()) {
                throw new MigrationException(
                        ErrorCode.LOAD_INTERRUPTED,
                        "the source says it sent %d rows of %s, but %d came"
                                .formatted(copy.getHandledRowCount(), table.name(), rows));
            }
        } finally {
            if (copy.isActive()) {
                copy.cancelCopy();
            }
        }
    }

    /**
     * PostgreSQL sends one row a message (docs, "COPY Operations"); a row ends in its only newline.
     */
    private static void requireOneRow(byte[] row) {
        if (row.length == 0 || row[row.length - 1] != '\n') {
            throw new MigrationException(
                    ErrorCode.INTERNAL, "a COPY message of the source does not end with its row");
        }
    }
}
