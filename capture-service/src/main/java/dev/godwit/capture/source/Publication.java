// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The publication of one database migration. It names leaves: {@code publish_via_partition_root}
 * would hide a leaf's TRUNCATE and its key.
 */
public final class Publication {
    private static final String LOCK_TIMEOUT = "SET lock_timeout = '10s'";

    private final SourceDatabase source;

    public Publication(SourceDatabase source) {
        this.source = source;
    }

    /**
     * Makes it anew, of exactly these tables. Only for a stream that has not begun.
     *
     * @param carried of tables of which not all rows travel: the server filters them, and makes an
     *     update that crosses the filter an insert or a delete (PostgreSQL docs, "Row Filters").
     *     Columns that do not travel are in it nevertheless: a column list would have the server
     *     refuse the application's updates of tables with REPLICA IDENTITY FULL
     */
    public void create(
            Connection connection, Collection<TableName> tables, Map<TableName, Carried> carried)
            throws SQLException {
        drop(connection);
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(
                    "CREATE PUBLICATION " + name() + " FOR TABLE " + parts(tables, carried));
        }
    }

    /**
     * Takes further tables in. A stream tells of their changes in transactions that begin from now
     * on; in older ones it may or may not.
     *
     * @param again those of them that are in it from a former time, perhaps with another filter
     * @param carried as for {@link #create}
     */
    public void add(
            Connection connection,
            Collection<TableName> again,
            Collection<TableName> tables,
            Map<TableName, Carried> carried)
            throws SQLException {
        String add = "ALTER PUBLICATION " + name() + " ADD TABLE " + parts(tables, carried);
        String drop = "ALTER PUBLICATION " + name() + " DROP TABLE " + parts(again, Map.of());
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(LOCK_TIMEOUT);
            // Several statements at once are one transaction.
            statement.execute(again.isEmpty() ? add : drop + "; " + add);
        }
    }

    private static String parts(Collection<TableName> tables, Map<TableName, Carried> carried) {
        return tables.stream()
                .sorted()
                .map(table ->
                        "ONLY "
                                + table.quoted()
                                + carried.getOrDefault(table, Carried.ALL)
                                        .filter()
                                        .map(filter -> " WHERE (" + filter + ")")
                                        .orElse(""))
                .collect(Collectors.joining(", "));
    }

    /** Of the tables that are in it. */
    public Set<Long> oids(Connection connection) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement(
                        """
                        SELECT r.prrelid::bigint FROM pg_catalog.pg_publication_rel r
                          JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE p.pubname = ?
                        """)) {
            query.setString(1, source.objectName());
            try (ResultSet row = query.executeQuery()) {
                var oids = new HashSet<Long>();
                while (row.next()) {
                    oids.add(row.getLong(1));
                }
                return oids;
            }
        }
    }

    /** Gone is success. */
    void drop(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(LOCK_TIMEOUT);
            statement.execute("DROP PUBLICATION IF EXISTS " + name());
        }
    }

    private String name() {
        return Identifiers.quote(source.objectName());
    }
}
