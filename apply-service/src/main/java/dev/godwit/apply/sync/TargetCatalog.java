// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.sync.RowShape.Match;
import dev.godwit.apply.sync.TargetTable.TargetColumn;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import dev.godwit.postgres.TypeOids;
import dev.godwit.schemas.Column;
import dev.godwit.schemas.ReplicaIdentity;
import dev.godwit.schemas.SchemaChange;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads from the target's catalog what a table's changes need (PostgreSQL docs, chapter 52). */
final class TargetCatalog {
    private final Connection connection;
    private final ServerVersion version;

    TargetCatalog(Connection connection) throws SQLException {
        this.connection = connection;
        this.version = ConnectionSettings.version(connection);
    }

    /** A unique index that finds rows at once: valid, immediate, whole, on plain columns. */
    private record KeyIndex(
            long oid, boolean primary, List<String> columns, List<String> operators) {}

    /** The table, of class ORDERED until {@link #classify} says better. */
    TargetTable table(TableName name) throws SQLException {
        boolean partitioned;
        long oid;
        try (PreparedStatement select =
                connection.prepareStatement(
                        """
                        SELECT c.oid, c.relkind = 'p' FROM pg_catalog.pg_class AS c
                        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                        WHERE n.nspname = ?::text AND c.relname = ?::text AND c.relkind IN ('r', 'p')\
                        """)) {
            select.setString(1, name.schema());
            select.setString(2, name.name());
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    throw new MigrationException(
                            ErrorCode.TARGET_TABLE_MISSING, "the target has no table " + name);
                }
                oid = row.getLong(1);
                partitioned = row.getBoolean(2);
            }
        }
        return new TargetTable(name, partitioned, columns(oid), generated(oid), LaneClass.ORDERED);
    }

    private Set<String> generated(long oid) throws SQLException {
        var names = new HashSet<String>();
        if (version.atLeast(12)) {
            try (PreparedStatement select =
                    connection.prepareStatement(
                            "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = ?::oid AND attnum > 0 AND NOT attisdropped AND attgenerated <> ''")) {
                select.setLong(1, oid);
                try (ResultSet row = select.executeQuery()) {
                    while (row.next()) {
                        names.add(row.getString(1));
                    }
                }
            }
        }
        return names;
    }

    private List<TargetColumn> columns(long oid) throws SQLException {
        String generated = version.atLeast(12) ? "a.attgenerated = ''" : "true";
        String deterministic =
                version.atLeast(12)
                        ? "coalesce((SELECT o.collisdeterministic FROM pg_catalog.pg_collation AS o WHERE o.oid = b.coll), true)"
                        : "true";
        var columns = new ArrayList<TargetColumn>();
        try (PreparedStatement select =
                connection.prepareStatement(
                        """
                        WITH RECURSIVE b AS (
                          SELECT a.attnum, a.attname, a.atttypid, a.atttypmod,
                            a.attcollation AS coll, t.oid, t.typtype, t.typbasetype, t.typname,
                            t.typnamespace
                          FROM pg_catalog.pg_attribute AS a
                          JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
                          WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped AND %s
                          UNION ALL
                          SELECT b.attnum, b.attname, b.atttypid, b.atttypmod, b.coll, t.oid,
                            t.typtype, t.typbasetype, t.typname, t.typnamespace
                          FROM b JOIN pg_catalog.pg_type AS t ON t.oid = b.typbasetype
                          WHERE b.typtype = 'd')
                        SELECT b.attname, pg_catalog.format_type(b.atttypid, b.atttypmod),
                          pg_catalog.format_type(b.oid, -1), b.oid <> b.atttypid, b.atttypid::bigint, b.atttypmod,
                          b.typname,
                          b.typtype = 'e' OR b.typnamespace = 'pg_catalog'::regnamespace AND (
                            b.typname IN ('int2', 'int4', 'int8', 'oid', 'bool', 'uuid', 'bytea',
                              'date', 'time', 'timestamp', 'timestamptz')
                            OR b.typname IN ('text', 'varchar') AND %s)
                        FROM b WHERE b.typtype <> 'd' ORDER BY b.attnum\
                        """
                                .formatted(generated, deterministic))) {
            select.setLong(1, oid);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    int typeOid = (int) row.getLong(5);
                    columns.add(
                            new TargetColumn(
                                    row.getString(1),
                                    row.getString(2),
                                    row.getString(3),
                                    row.getBoolean(4),
                                    typeOid,
                                    row.getInt(6),
                                    TypeOids.isOwn(typeOid)
                                            ? Optional.of(row.getString(7))
                                            : Optional.empty(),
                                    row.getBoolean(8)));
                }
            }
        }
        return columns;
    }

    /**
     * How a source table's rows are found: by its replica identity, for a FULL one by the target's
     * primary key; if no such index stands, by the text of the identity's columns.
     */
    Match match(TargetTable table, SchemaChange announced) throws SQLException {
        List<KeyIndex> indexes = keyIndexes(table.name());
        List<String> announcedNames = announced.getColumns().stream().map(Column::getName).toList();
        if (announced.getIdentity() == ReplicaIdentity.FULL_ROW) {
            for (KeyIndex index : indexes) {
                if (index.primary()
                        && announcedNames.containsAll(index.columns())
                        && index.columns().stream().allMatch(name -> table.indexOf(name) >= 0)) {
                    return match(table, index);
                }
            }
            return byText(
                    table,
                    announcedNames.stream().filter(name -> table.indexOf(name) >= 0).toList());
        }
        List<String> key =
                announced.getColumns().stream()
                        .filter(Column::getKey)
                        .map(Column::getName)
                        .toList();
        for (KeyIndex index : indexes) {
            if (Set.copyOf(index.columns()).equals(Set.copyOf(key))
                    && key.stream().allMatch(name -> table.indexOf(name) >= 0)) {
                return match(table, index);
            }
        }
        return byText(table, key);
    }

    private static Match match(TargetTable table, KeyIndex index) {
        return new Match(
                index.columns().stream().map(table::indexOf).toList(), index.operators(), true);
    }

    private static Match byText(TargetTable table, List<String> columns) {
        for (String column : columns) {
            if (table.indexOf(column) < 0) {
                throw new MigrationException(
                        ErrorCode.TARGET_COLUMNS_DIFFER,
                        "the target table %s has no column %s to find its rows by"
                                .formatted(table.name(), column));
            }
        }
        return new Match(
                columns.stream().map(table::indexOf).toList(),
                columns.stream().map(column -> "=").toList(),
                false);
    }

    /** The class for a table whose rows are found like this. */
    LaneClass classify(TargetTable table, Match match) throws SQLException {
        if (!match.indexed()
                || !match.columns().stream()
                        .allMatch(column -> table.columns().get(column).textEqual())) {
            return LaneClass.ORDERED;
        }
        var key = new HashSet<String>();
        match.columns().forEach(column -> key.add(table.columns().get(column).name()));
        try (PreparedStatement select =
                connection.prepareStatement(
                        """
                        WITH RECURSIVE tree AS (
                          SELECT c.oid FROM pg_catalog.pg_class AS c
                          JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                          WHERE n.nspname = ?::text AND c.relname = ?::text
                            AND c.relkind IN ('r', 'p')
                          UNION ALL
                          SELECT h.inhrelid FROM tree
                          JOIN pg_catalog.pg_inherits AS h ON h.inhparent = tree.oid
                          JOIN pg_catalog.pg_class AS c ON c.oid = h.inhrelid
                          WHERE c.relispartition)
                        SELECT ARRAY(
                          SELECT coalesce(a.attname::text, '')
                          FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
                          LEFT JOIN pg_catalog.pg_attribute AS a
                            ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
                          WHERE k.n <= i.%1$s)
                        FROM tree JOIN pg_catalog.pg_index AS i ON i.indrelid = tree.oid
                        WHERE i.indisunique OR i.indisexclusion\
                        """
                                .formatted(keyColumns()))) {
            select.setString(1, table.name().schema());
            select.setString(2, table.name().name());
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    if (!Set.of((String[]) row.getArray(1).getArray()).equals(key)) {
                        return LaneClass.COMPACTED;
                    }
                }
            }
        }
        return LaneClass.SPREAD;
    }

    /**
     * Equality is a B-tree's third strategy. A key with WITHOUT OVERLAPS (18) is a GiST index: its
     * strategies are each operator class's own (the third of a range is to overlap), but whatever
     * stands in such a key has an operator called =.
     */
    private List<KeyIndex> keyIndexes(TableName name) throws SQLException {
        var indexes = new ArrayList<KeyIndex>();
        try (PreparedStatement select =
                connection.prepareStatement(
                        """
                        SELECT i.indexrelid::bigint, i.indisprimary,
                          array_agg(a.attname::text ORDER BY k.n),
                          array_agg('OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')'
                            ORDER BY k.n)
                        FROM pg_catalog.pg_class AS c
                        JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace
                        JOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid
                        CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[])
                          WITH ORDINALITY AS k (attnum, opclass, n)
                        JOIN pg_catalog.pg_attribute AS a
                          ON a.attrelid = c.oid AND a.attnum = k.attnum
                        JOIN pg_catalog.pg_opclass AS p ON p.oid = k.opclass
                        JOIN pg_catalog.pg_am AS h ON h.oid = p.opcmethod
                        JOIN pg_catalog.pg_amop AS m ON m.amopfamily = p.opcfamily
                          AND m.amoplefttype = p.opcintype AND m.amoprighttype = p.opcintype
                        JOIN pg_catalog.pg_operator AS o ON o.oid = m.amopopr
                          AND CASE h.amname WHEN 'btree' THEN m.amopstrategy = 3
                            WHEN 'gist' THEN o.oprname = '=' ELSE false END
                        JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
                        WHERE s.nspname = ?::text AND c.relname = ?::text
                          AND c.relkind IN ('r', 'p') AND i.indisunique AND i.indimmediate
                          AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
                          AND k.n <= i.%1$s
                        GROUP BY i.indexrelid, i.indisprimary, i.%1$s
                        HAVING count(*) = i.%1$s
                        ORDER BY i.indisprimary DESC, i.indexrelid\
                        """
                                .formatted(keyColumns()))) {
            select.setString(1, name.schema());
            select.setString(2, name.name());
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    indexes.add(
                            new KeyIndex(
                                    row.getLong(1),
                                    row.getBoolean(2),
                                    List.of((String[]) row.getArray(3).getArray()),
                                    List.of((String[]) row.getArray(4).getArray())));
                }
            }
        }
        return indexes;
    }

    /** Columns after these are only carried along (INCLUDE, from 11 on). */
    private String keyColumns() {
        return version.atLeast(11) ? "indnkeyatts" : "indnatts";
    }

    /** A type's name on this server, for the statement that an operator runs. */
    String typeName(int typeOid, int modifier) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("SELECT pg_catalog.format_type(?::oid, ?::integer)")) {
            select.setLong(1, Integer.toUnsignedLong(typeOid));
            select.setInt(2, modifier);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    /**
     * As {@link #typeName(int, int)}, of a type that the database has made itself: the one in that
     * schema, else one of that name.
     */
    Optional<String> typeName(String schema, String name, int modifier) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement(
                        """
                        SELECT pg_catalog.format_type(t.oid, ?::integer) FROM pg_catalog.pg_type AS t
                        JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
                        WHERE t.typname = ?::text ORDER BY n.nspname <> ?::text, n.nspname LIMIT 1\
                        """)) {
            select.setInt(1, modifier);
            select.setString(2, name);
            select.setString(3, schema);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }

    /** Whether a foreign key of a table outside the set refers to this one. */
    boolean referencedFromOutside(TableName table, Set<TableName> inside) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement(
                        """
                        SELECT rn.nspname, r.relname FROM pg_catalog.pg_constraint AS f
                        JOIN pg_catalog.pg_class AS c ON c.oid = f.confrelid
                        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                        JOIN pg_catalog.pg_class AS r ON r.oid = f.conrelid
                        JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
                        WHERE f.contype = 'f' AND n.nspname = ?::text AND c.relname = ?::text\
                        """)) {
            select.setString(1, table.schema());
            select.setString(2, table.name());
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    if (!inside.contains(new TableName(row.getString(1), row.getString(2)))) {
                        return true;
                    }
                }
            }
        }
        return false;
    }
}
