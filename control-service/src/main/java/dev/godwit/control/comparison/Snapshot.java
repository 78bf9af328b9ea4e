// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The statements of a comparison, each on a connection inside the shared snapshot. */
final class Snapshot {
    private static final Logger LOG = LoggerFactory.getLogger(Snapshot.class);

    private static final int GENERATED_COLUMNS = 12;
    private static final String NO_LOCKS = "no_locks";

    private static final String CARRIED =
            """
            WITH RECURSIVE base(attnum, attname, typid) AS (
                SELECT attnum, attname, atttypid FROM pg_catalog.pg_attribute
                 WHERE attrelid = ?::pg_catalog.text::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped{carried}
                UNION ALL
                SELECT base.attnum, base.attname, domain.typbasetype
                  FROM base JOIN pg_catalog.pg_type domain ON domain.oid = base.typid WHERE domain.typtype = 'd')
            SELECT base.attname,
                   CASE WHEN type.typnamespace = 'pg_catalog'::regnamespace THEN type.typname ELSE '' END,
                   CASE WHEN element.typnamespace = 'pg_catalog'::regnamespace AND type.typlen = -1 THEN element.typname ELSE '' END
              FROM base
              JOIN pg_catalog.pg_type type ON type.oid = base.typid AND type.typtype <> 'd'
              LEFT JOIN pg_catalog.pg_type element ON element.oid = type.typelem
             ORDER BY base.attnum\
            """;

    private Snapshot() {}

    /**
     * Begins a read-only transaction.
     *
     * @param shared the snapshot to look through, empty for a fresh one
     * @return the snapshot's name, for the other connections of this side
     */
    static String begin(Connection connection, String shared) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            if (!shared.isEmpty()) {
                statement.execute("SET TRANSACTION SNAPSHOT " + Identifiers.literal(shared));
            }
            String name = shared.isEmpty() ? export(statement) : shared;
            statement.execute("SAVEPOINT " + NO_LOCKS);
            return name;
        }
    }

    private static String export(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("SELECT pg_catalog.pg_export_snapshot()")) {
            row.next();
            return row.getString(1);
        }
    }

    /**
     * Gives back what the tables read so far have locked (PostgreSQL docs, section 13.3), and keeps
     * the snapshot: the lock table of a server is smaller than a database may be.
     */
    static void releaseLocks(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("ROLLBACK TO SAVEPOINT " + NO_LOCKS);
        }
    }

    /** Prints 15 digits of floats, 6 of float4, until the transaction ends. */
    static void roundFloats(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL extra_float_digits = 0");
            statement.execute("SAVEPOINT " + NO_LOCKS);
        }
    }

    /** Every column of the table that travels: all but the generated ones. */
    static List<ColumnText> carriedColumns(
            Connection connection, ServerVersion version, TableName table) throws SQLException {
        String notGenerated = version.atLeast(GENERATED_COLUMNS) ? " AND attgenerated = ''" : "";
        try (PreparedStatement statement =
                connection.prepareStatement(CARRIED.replace("{carried}", notGenerated))) {
            statement.setString(1, table.quoted());
            try (ResultSet row = statement.executeQuery()) {
                var columns = new ArrayList<ColumnText>();
                while (row.next()) {
                    columns.add(
                            new ColumnText(row.getString(1), row.getString(2), row.getString(3)));
                }
                return columns;
            }
        }
    }

    /**
     * Counts and sums the table's rows.
     *
     * @param filter only rows for which it is true
     * @param rowText as {@link ColumnText#ofRow} says it
     */
    static Digest digest(
            Connection connection,
            TableName table,
            Optional<String> filter,
            String rowText,
            RowHash hash)
            throws SQLException {
        String from =
                (partitioned(connection, table) ? "" : "ONLY ")
                        + table.quoted()
                        + filter.map(condition -> " WHERE (" + condition + ")").orElse("");
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            try (ResultSet row = statement.executeQuery(hash.query(rowText, from))) {
                row.next();
                return Digest.of(row);
            }
        }
    }

    static void closeQuietly(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            LOG.atDebug().setCause(e).log("a connection closed badly");
        }
    }

    private static boolean partitioned(Connection connection, TableName table) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(
                        "SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = ?::pg_catalog.text::pg_catalog.regclass")) {
            statement.setString(1, table.quoted());
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }
}
