// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the WAL says of a row's state before a change.
 *
 * @param full all columns (REPLICA IDENTITY FULL)
 * @param columns those of the replica identity, if it is not full
 * @param outOfLine those that may be stored out of line: where they are and an update leaves them,
 *     their values are not in the WAL
 */
record RowIdentity(boolean full, Set<String> columns, Set<String> outOfLine) {
    private static final int INCLUDED_COLUMNS = 11;

    private static final String READ =
            """
            SELECT n.nspname, c.relname, c.relreplident = 'f',
                   ARRAY(SELECT a.attname::text FROM pg_catalog.pg_index i
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[0:i.{keys} - 1])
                          WHERE i.indrelid = c.oid
                            AND CASE c.relreplident WHEN 'd' THEN i.indisprimary AND i.indimmediate
                                                    WHEN 'i' THEN i.indisreplident ELSE false END),
                   ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                          WHERE a.attrelid = c.oid AND c.reltoastrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
                            AND a.attlen = -1 AND a.attstorage <> 'p')
              FROM unnest(?::text[], ?::text[]) AS w (schema, name)
              JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
              JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name\
            """;

    static Map<TableName, RowIdentity> read(
            Connection connection, ServerVersion version, List<TableName> tables)
            throws SQLException {
        String keys = version.atLeast(INCLUDED_COLUMNS) ? "indnkeyatts" : "indnatts";
        var identities = new HashMap<TableName, RowIdentity>();
        try (PreparedStatement query = connection.prepareStatement(READ.replace("{keys}", keys))) {
            query.setArray(
                    1,
                    connection.createArrayOf(
                            "text", tables.stream().map(TableName::schema).toArray()));
            query.setArray(
                    2,
                    connection.createArrayOf(
                            "text", tables.stream().map(TableName::name).toArray()));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    identities.put(
                            new TableName(row.getString(1), row.getString(2)),
                            new RowIdentity(
                                    row.getBoolean(3),
                                    Set.of((String[]) row.getArray(4).getArray()),
                                    Set.of((String[]) row.getArray(5).getArray())));
                }
            }
        }
        return identities;
    }
}
