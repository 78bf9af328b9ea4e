// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import dev.godwit.postgres.TypeOids;
import dev.godwit.schemas.Column;
import dev.godwit.schemas.QualifiedName;
import dev.godwit.schemas.ReplicaIdentity;
import dev.godwit.schemas.SchemaChange;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tables as pgoutput's RELATION message would describe them (PostgreSQL docs, "Logical Replication
 * Message Formats"), read from the catalog.
 */
public final class SourceShapes {
    private static final String READ =
            """
            SELECT c.oid::bigint, w.schema, w.name, c.relreplident, a.attname, a.atttypid::bigint, a.atttypmod,
                   c.relreplident = 'f' OR coalesce(a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]), false),
                   (SELECT s.nspname FROM pg_catalog.pg_namespace s WHERE s.oid = b.typnamespace), b.typname
              FROM unnest(?::text[], ?::text[]) AS w (schema, name)
              JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
              JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
              LEFT JOIN pg_catalog.pg_attribute a
                ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
              LEFT JOIN LATERAL (
                     WITH RECURSIVE based AS (
                       SELECT t.* FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid
                       UNION ALL
                       SELECT t.* FROM based JOIN pg_catalog.pg_type t ON t.oid = based.typbasetype AND based.typtype = 'd')
                     SELECT typnamespace, typname FROM based WHERE typtype <> 'd') b ON true
              LEFT JOIN pg_catalog.pg_index i
                ON i.indrelid = c.oid
               AND CASE c.relreplident WHEN 'd' THEN i.indisprimary AND i.indimmediate
                                       WHEN 'i' THEN i.indisreplident ELSE false END
             ORDER BY c.oid, a.attnum
            """;

    /** From 12 on there are generated columns, from 11 on indexes that include others. */
    private static final String READ_11 = READ.replace("AND a.attgenerated = ''", "");

    private static final String READ_10 = READ_11.replace("i.indnkeyatts", "i.indnatts");

    private SourceShapes() {}

    /**
     * One per source table, as the connection's transaction sees them.
     *
     * @param sources the source tables of each target table
     * @param carried of source tables of which not all columns travel
     */
    public static List<SchemaChange> read(
            Connection source,
            Map<TableName, List<TableName>> sources,
            Map<TableName, Carried> carried)
            throws SQLException {
        var targets = new HashMap<TableName, TableName>();
        sources.forEach((target, names) -> names.forEach(name -> targets.put(name, target)));
        Collection<TableName> names = targets.keySet();
        var shapes = new LinkedHashMap<Long, SchemaChange>();
        try (PreparedStatement query = source.prepareStatement(read(source))) {
            query.setArray(1, source.createArrayOf("text", schemas(names)));
            query.setArray(2, source.createArrayOf("text", simpleNames(names)));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    long oid = row.getLong(1);
                    SchemaChange shape = shapes.get(oid);
                    if (shape == null) {
                        shape = shape(row, targets);
                        shapes.put(oid, shape);
                    }
                    String column = row.getString(5);
                    // A table need not have any.
                    if (column != null
                            && carried.getOrDefault(TableName.of(shape.getSource()), Carried.ALL)
                                    .holds(column)) {
                        shape.getColumns().add(column(row));
                    }
                }
            }
        }
        return List.copyOf(shapes.values());
    }

    private static Column column(ResultSet row) throws SQLException {
        int type = (int) row.getLong(6);
        return new Column(
                row.getString(5),
                type,
                row.getInt(7),
                row.getBoolean(8),
                TypeOids.isOwn(type)
                        ? new QualifiedName(row.getString(9), row.getString(10))
                        : null);
    }

    private static String read(Connection source) throws SQLException {
        ServerVersion version = ConnectionSettings.version(source);
        if (version.atLeast(12)) {
            return READ;
        }
        return version.atLeast(11) ? READ_11 : READ_10;
    }

    private static SchemaChange shape(ResultSet row, Map<TableName, TableName> targets)
            throws SQLException {
        var name = new TableName(row.getString(2), row.getString(3));
        TableName target = targets.getOrDefault(name, name);
        return new SchemaChange(
                (int) row.getLong(1),
                name.toAvro(),
                target.toAvro(),
                identity(row.getString(4)),
                new ArrayList<>());
    }

    private static ReplicaIdentity identity(String relreplident) {
        return switch (relreplident) {
            case "d" -> ReplicaIdentity.DEFAULT_KEY;
            case "f" -> ReplicaIdentity.FULL_ROW;
            case "i" -> ReplicaIdentity.INDEX_KEY;
            case "n" -> ReplicaIdentity.NO_IDENTITY;
            default ->
                    throw new IllegalArgumentException("unknown replica identity " + relreplident);
        };
    }

    private static Object[] schemas(Collection<TableName> names) {
        return names.stream().map(TableName::schema).toArray();
    }

    private static Object[] simpleNames(Collection<TableName> names) {
        return names.stream().map(TableName::name).toArray();
    }
}
