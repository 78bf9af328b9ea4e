// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;

/** Makes a target table empty before its load, never touching another table. */
public final class Emptying {
    private static final String FEATURE_NOT_SUPPORTED = "0A000";
    private static final String INSUFFICIENT_PRIVILEGE = "42501";

    private Emptying() {}

    /**
     * For the first load: rows that are there are not ours, and are not ours to delete.
     *
     * @throws MigrationException TARGET_TABLE_NOT_EMPTY
     */
    public static void requireEmpty(Connection connection, TableName table) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT EXISTS (SELECT FROM " + only(connection, table) + ")")) {
            row.next();
            if (row.getBoolean(1)) {
                throw new MigrationException(
                        ErrorCode.TARGET_TABLE_NOT_EMPTY,
                        "the target's table " + table + " holds rows that Godwit did not write");
            }
        }
    }

    /**
     * For a further load: the rows of the one before go. By DELETE where another table's foreign
     * key, or a missing right, forbids TRUNCATE.
     */
    public static void empty(Connection connection, TableName table) throws SQLException {
        Savepoint before = connection.setSavepoint();
        try {
            Ddl.run(connection, "TRUNCATE " + only(connection, table));
        } catch (SQLException e) {
            String state = SqlStates.state(e);
            if (!state.equals(FEATURE_NOT_SUPPORTED) && !state.equals(INSUFFICIENT_PRIVILEGE)) {
                throw e;
            }
            connection.rollback(before);
            Ddl.run(connection, "DELETE FROM " + only(connection, table));
        }
        connection.releaseSavepoint(before);
    }

    /**
     * A partitioned table's rows are its partitions'; a table that others inherit from has rows of
     * its own, and theirs are not ours.
     */
    private static String only(Connection connection, TableName table) throws SQLException {
        TableTree tree = TableTree.of(connection, ConnectionSettings.version(connection), table);
        return (tree.partitioned() ? "" : "ONLY ") + table.quoted();
    }
}
