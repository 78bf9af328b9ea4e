// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.postgres.WrittenName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads tables from the source's catalog (PostgreSQL docs, chapter 53: "System Catalogs"). */
public final class SourceCatalog {
    private static final String TABLES =
            """
            SELECT w.schema, w.name, c.oid::bigint, pg_catalog.pg_relation_filenode(c.oid)::bigint,
                   pg_catalog.pg_relation_size(c.oid),
                   CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_catalog.pg_relation_size(c.reltoastrelid) END,
                   pg_catalog.current_setting('block_size')::int,
                   c.reltuples::bigint
              FROM unnest(?::text[], ?::text[]) AS w (schema, name)
              LEFT JOIN (pg_catalog.pg_class c
                         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND c.relkind = 'r')
                ON n.nspname = w.schema AND c.relname = w.name
            """;

    /** From 12 on there are generated columns. */
    private static final String COLUMNS =
            """
            SELECT a.attrelid::bigint, a.attname, t.typlen, coalesce(nullif(t.typbasetype, 0), t.oid)::bigint
              FROM pg_catalog.pg_attribute a
              JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
             WHERE a.attrelid = ANY (?::oid[]) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
             ORDER BY a.attrelid, a.attnum
            """;

    private static final String COLUMNS_TO_11 = COLUMNS.replace("AND a.attgenerated = ''", "");
    private static final String INTEGER_KEYS =
            """
            SELECT i.indrelid::bigint, a.attname
              FROM pg_catalog.pg_index i
              JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE i.indrelid = ANY (?::oid[]) AND i.indisprimary AND i.indnatts = 1
               AND a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype)
            """;

    private SourceCatalog() {}

    /**
     * These tables, as they are now. Their sizes are not told while somebody holds one of them
     * exclusively; that is not waited for longer than a lock is.
     *
     * @throws MigrationException SCHEMA_CHANGED if one is gone
     */
    public static Map<TableName, SourceTable> read(Connection source, Collection<TableName> tables)
            throws SQLException {
        try (Statement statement = source.createStatement()) {
            statement.execute("SET lock_timeout = '10s'");
        }
        List<Row> rows = rows(source, tables);
        Array oids = source.createArrayOf("int8", rows.stream().map(Row::oid).toArray());
        Map<Long, List<SourceColumn>> columns = columns(source, oids);
        Map<Long, String> keys = integerKeys(source, oids);
        var read = new HashMap<TableName, SourceTable>();
        for (Row row : rows) {
            read.put(
                    row.name,
                    new SourceTable(
                            row.name,
                            row.oid,
                            row.filenode,
                            columns.getOrDefault(row.oid, List.of()),
                            Optional.empty(),
                            row.heapBytes,
                            row.toastBytes,
                            row.blockBytes,
                            row.rowsEstimate,
                            Optional.ofNullable(keys.get(row.oid))));
        }
        return Map.copyOf(read);
    }

    /**
     * The filenode now, empty if the name is no longer this table's. A lock on the table keeps it.
     * Both functions look at the catalog as it is, whatever snapshot the transaction has.
     */
    public static Optional<Long> filenode(Connection source, TableName name, long oid)
            throws SQLException {
        try (PreparedStatement query =
                source.prepareStatement(
                        "SELECT CASE WHEN pg_catalog.to_regclass(?)::oid = ?::oid THEN pg_catalog.pg_relation_filenode(?::oid)::bigint END")) {
            query.setString(1, name.quoted());
            query.setLong(2, oid);
            query.setLong(3, oid);
            try (ResultSet row = query.executeQuery()) {
                row.next();
                long filenode = row.getLong(1);
                return row.wasNull() ? Optional.empty() : Optional.of(filenode);
            }
        }
    }

    /** The filenodes of these tables, by oid, as they are now; without those that are gone. */
    public static Map<Long, Long> filenodes(Connection source, Collection<Long> oids)
            throws SQLException {
        var filenodes = new HashMap<Long, Long>();
        try (PreparedStatement query =
                source.prepareStatement(
                        "SELECT oid::bigint, pg_catalog.pg_relation_filenode(oid)::bigint FROM pg_catalog.pg_class WHERE oid = ANY (?::oid[])")) {
            query.setArray(1, source.createArrayOf("int8", oids.toArray()));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    filenodes.put(row.getLong(1), row.getLong(2));
                }
            }
        }
        return filenodes;
    }

    private record Row(
            TableName name,
            long oid,
            long filenode,
            long heapBytes,
            long toastBytes,
            int blockBytes,
            long rowsEstimate) {}

    private static List<Row> rows(Connection source, Collection<TableName> tables)
            throws SQLException {
        var rows = new ArrayList<Row>();
        try (PreparedStatement query = source.prepareStatement(TABLES)) {
            query.setArray(
                    1,
                    source.createArrayOf("text", tables.stream().map(TableName::schema).toArray()));
            query.setArray(
                    2,
                    source.createArrayOf("text", tables.stream().map(TableName::name).toArray()));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    var name = new TableName(text(row, 1), text(row, 2));
                    long oid = row.getLong(3);
                    if (row.wasNull()) {
                        throw new MigrationException(
                                ErrorCode.SCHEMA_CHANGED,
                                "table " + name + " is no longer on the source",
                                "If it was renamed, give it its name back and retry. If it was dropped for good, let it go: godwit reload %s (POST .../reload)."
                                        .formatted(WrittenName.shellWord(name)),
                                null);
                    }
                    rows.add(
                            new Row(
                                    name,
                                    oid,
                                    row.getLong(4),
                                    row.getLong(5),
                                    row.getLong(6),
                                    row.getInt(7),
                                    row.getLong(8)));
                }
            }
        }
        return rows;
    }

    private static Map<Long, List<SourceColumn>> columns(Connection source, Array oids)
            throws SQLException {
        boolean generated = ConnectionSettings.version(source).atLeast(12);
        var columns = new HashMap<Long, List<SourceColumn>>();
        try (PreparedStatement query =
                source.prepareStatement(generated ? COLUMNS : COLUMNS_TO_11)) {
            query.setArray(1, oids);
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    columns.computeIfAbsent(row.getLong(1), oid -> new ArrayList<>())
                            .add(
                                    new SourceColumn(
                                            text(row, 2), width(row.getInt(3), row.getInt(4))));
                }
            }
        }
        return columns;
    }

    private static Map<Long, String> integerKeys(Connection source, Array oids)
            throws SQLException {
        var keys = new HashMap<Long, String>();
        try (PreparedStatement query = source.prepareStatement(INTEGER_KEYS)) {
            query.setArray(1, oids);
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    keys.put(row.getLong(1), text(row, 2));
                }
            }
        }
        return keys;
    }

    /** By pg_type.oid: fixed for built-in types (pg_type.dat). */
    private static SourceColumn.Width width(int typeLength, int baseType) {
        if (typeLength != -1) {
            return SourceColumn.Width.BOUNDED;
        }
        return switch (baseType) {
            case 25, 1042, 1043 -> SourceColumn.Width.AS_STORED;
            case 17 -> SourceColumn.Width.HEXADECIMAL;
            default -> SourceColumn.Width.UNKNOWN;
        };
    }

    private static String text(ResultSet row, int column) throws SQLException {
        @Nullable String text = row.getString(column);
        if (text == null) {
            throw new SQLException("a catalog name is null");
        }
        return text;
    }
}
