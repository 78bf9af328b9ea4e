// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import dev.godwit.tests.postgres.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * An open transaction that holds something, until it is closed: somebody else's session in the way.
 */
public final class HeldLock implements AutoCloseable {
    private final Connection connection;

    private HeldLock(Connection connection) {
        this.connection = connection;
    }

    /** Runs the statements in a transaction and leaves it open. */
    public static HeldLock of(Database database, String... statements) {
        try {
            Connection connection = database.open();
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                for (String sql : statements) {
                    statement.execute(sql);
                }
            }
            return new HeldLock(connection);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    public void execute(String sql) {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    public void commit() {
        try {
            connection.commit();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
