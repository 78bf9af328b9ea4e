// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.SqlStates;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * A session of ours on the target.
 *
 * @param connection in autocommit, our settings fixed, {@code synchronous_commit=on}
 * @param silent whether {@code session_replication_role=replica} holds: ordinary triggers, rules
 *     and foreign keys do not fire (superusers may set it, and from PostgreSQL 15 on whom it is
 *     granted). Where it does not, they are parked
 */
public record TargetSession(Connection connection, boolean silent) implements AutoCloseable {
    private static final String INSUFFICIENT_PRIVILEGE = "42501";

    /**
     * Opens it and tries to make it silent.
     *
     * @param applicationName {@code godwit <id> <role> <epoch>}, so that a successor can end this
     *     session
     */
    public static TargetSession open(ConnectionSettings target, String applicationName)
            throws SQLException {
        Connection connection = target.open(applicationName);
        try {
            Ddl.run(connection, "SET synchronous_commit = on");
            return new TargetSession(connection, silence(connection));
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private static boolean silence(Connection connection) throws SQLException {
        try {
            Ddl.run(connection, "SET session_replication_role = replica");
            return true;
        } catch (SQLException e) {
            if (SqlStates.state(e).equals(INSUFFICIENT_PRIVILEGE)) {
                return false;
            }
            throw e;
        }
    }

    /**
     * Cuts the connection from another thread: whoever waits for the server gets an SQLException.
     */
    public void abort() {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException e) {
            throw new IllegalStateException("a connection could not be cut", e);
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
