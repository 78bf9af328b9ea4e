// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * A slot's snapshot, held by a transaction of its own (the keeper) until closed, so that any number
 * of sessions can read the tables as they were at its consistent point.
 */
public final class Snapshot implements AutoCloseable {
    private final long consistentPoint;
    private final Connection keeper;
    private final String name;

    private Snapshot(long consistentPoint, Connection keeper, String name) {
        this.consistentPoint = consistentPoint;
        this.keeper = keeper;
        this.name = name;
    }

    /** Imports an exported snapshot and exports it again. Owns the connection from here on. */
    static Snapshot keep(Connection keeper, long consistentPoint, String exported)
            throws SQLException {
        try {
            begin(keeper, exported);
            try (Statement statement = keeper.createStatement();
                    var row = statement.executeQuery("SELECT pg_catalog.pg_export_snapshot()")) {
                row.next();
                return new Snapshot(consistentPoint, keeper, row.getString(1));
            }
        } catch (SQLException | RuntimeException e) {
            keeper.close();
            throw e;
        }
    }

    /** Everything with a final LSN at or above it is not in the snapshot, everything below is. */
    public long consistentPoint() {
        return consistentPoint;
    }

    /** Begins a read-only transaction that sees this snapshot; the caller ends it. */
    public void begin(Connection connection) throws SQLException {
        begin(connection, name);
    }

    private static void begin(Connection connection, String snapshot) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            statement.execute("SET TRANSACTION SNAPSHOT " + Identifiers.literal(snapshot));
        } catch (SQLException e) {
            // Invalid until 16, undefined from 17 on: whoever exported it has gone.
            if (SqlStates.state(e).equals("22023") || SqlStates.state(e).equals("42704")) {
                throw new MigrationException(
                        ErrorCode.LOAD_INTERRUPTED, "the load's snapshot is gone", e);
            }
            throw e;
        }
    }

    @Override
    public void close() throws SQLException {
        keeper.close();
    }
}
