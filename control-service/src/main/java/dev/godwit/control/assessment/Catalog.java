// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.control.assessment.CatalogTable.CatalogColumn;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads the tables of a database that belong to its users (PostgreSQL docs, chapter "System
 * Catalogs").
 */
final class Catalog {
    private static final int GENERATED_COLUMNS = 12;

    /** Columns behind these only travel with the index. */
    private static final int INCLUDED_COLUMNS = 11;

    private static final String GENERATED = "{generated}";

    private static final String OURS =
            """
            c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
               AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'godwit')\
            """;

    private static final String TABLES =
            """
            SELECT c.oid::bigint, n.nspname, c.relname, c.relkind = 'p', c.relpersistence = 'u',
                   EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                              AND d.objid = c.oid AND d.deptype = 'e'),
                   c.relreplident,
                   CASE c.relreplident
                       WHEN 'd' THEN EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid AND i.indimmediate)
                       WHEN 'i' THEN EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident AND i.indisvalid)
                       ELSE c.relreplident = 'f' END,
                   c.relreplident = 'f' OR NOT EXISTS (
                       WITH RECURSIVE above AS (
                           SELECT i.inhparent AS oid FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition
                           UNION ALL
                           SELECT i.inhparent FROM above JOIN pg_catalog.pg_inherits i ON i.inhrelid = above.oid)
                       SELECT FROM above JOIN pg_catalog.pg_partitioned_table t ON t.partrelid = above.oid
                         CROSS JOIN pg_catalog.unnest(t.partattrs::int2[]) AS divides (attnum)
                        WHERE NOT EXISTS (
                            SELECT FROM pg_catalog.pg_attribute up
                              JOIN pg_catalog.pg_attribute own ON own.attrelid = c.oid AND own.attname = up.attname
                              JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND own.attnum = ANY ((i.indkey::int2[])[0:i.{keys} - 1])
                               AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
                             WHERE up.attrelid = above.oid AND up.attnum = divides.attnum)),
                   EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND {generated}
                              AND (c.relreplident = 'f' OR EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid
                                   AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
                                   AND a.attnum = ANY (i.indkey)))),
                   pg_catalog.pg_has_role(c.relowner, 'USAGE'), pg_catalog.pg_get_userbyid(c.relowner),
                   pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'),
                   pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
                       AND pg_catalog.has_table_privilege(c.oid, 'UPDATE') AND pg_catalog.has_table_privilege(c.oid, 'DELETE')
                       AND pg_catalog.has_table_privilege(c.oid, 'TRUNCATE'),
                   c.relrowsecurity AND NOT me.rolsuper AND NOT me.rolbypassrls
                       AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')),
                   (SELECT i.inhparent::bigint FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition LIMIT 1)
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_catalog.pg_roles me ON me.rolname = current_user
             WHERE {ours}
            """;

    private static final String COLUMNS =
            """
            SELECT a.attrelid::bigint, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
                   a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND t.typdefault IS NULL, {generated}
              FROM pg_catalog.pg_attribute a
              JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
             WHERE a.attnum > 0 AND NOT a.attisdropped AND {ours}
             ORDER BY a.attrelid, a.attnum
            """;

    private Catalog() {}

    static Map<TableName, CatalogTable> read(Connection connection, ServerVersion version)
            throws SQLException {
        String generated = version.atLeast(GENERATED_COLUMNS) ? "a.attgenerated <> ''" : "false";
        String keys = version.atLeast(INCLUDED_COLUMNS) ? "indnkeyatts" : "indnatts";
        try (Statement statement = connection.createStatement()) {
            Map<Long, List<CatalogColumn>> columns = columns(statement, generated);
            var rows = new HashMap<Long, Row>();
            try (ResultSet row =
                    statement.executeQuery(
                            TABLES.replace(GENERATED, generated)
                                    .replace("{keys}", keys)
                                    .replace("{ours}", OURS))) {
                while (row.next()) {
                    rows.put(row.getLong(1), Row.of(row));
                }
            }
            var tables = new TreeMap<TableName, CatalogTable>();
            rows.forEach((oid, row) -> {
                CatalogTable table =
                        row.withAncestors(rows).withColumns(columns.getOrDefault(oid, List.of()));
                tables.put(table.name(), table);
            });
            return tables;
        }
    }

    /** As the server quotes them: where they are no keywords of it, not at all. */
    static Map<String, String> schemas(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT nspname, pg_catalog.quote_ident(nspname) FROM pg_catalog.pg_namespace")) {
            var schemas = new HashMap<String, String>();
            while (row.next()) {
                schemas.put(row.getString(1), row.getString(2));
            }
            return schemas;
        }
    }

    private static Map<Long, List<CatalogColumn>> columns(Statement statement, String generated)
            throws SQLException {
        var columns = new HashMap<Long, List<CatalogColumn>>();
        try (ResultSet row =
                statement.executeQuery(
                        COLUMNS.replace(GENERATED, generated).replace("{ours}", OURS))) {
            while (row.next()) {
                columns.computeIfAbsent(row.getLong(1), none -> new ArrayList<>())
                        .add(
                                new CatalogColumn(
                                        row.getString(2),
                                        row.getString(3),
                                        row.getBoolean(4),
                                        row.getBoolean(5)));
            }
        }
        return columns;
    }

    /** A table before its ancestors and columns are known. */
    private record Row(CatalogTable table, @Nullable Long parent) {
        static Row of(ResultSet row) throws SQLException {
            var table =
                    new CatalogTable(
                            new TableName(row.getString(2), row.getString(3)),
                            List.of(),
                            row.getBoolean(4),
                            row.getBoolean(5),
                            row.getBoolean(6),
                            row.getString(7).charAt(0),
                            row.getBoolean(8),
                            row.getBoolean(9),
                            row.getBoolean(10),
                            row.getBoolean(11),
                            row.getString(12),
                            row.getBoolean(13),
                            row.getBoolean(14),
                            row.getBoolean(15),
                            List.of());
            long parent = row.getLong(16);
            return new Row(table, row.wasNull() ? null : parent);
        }

        CatalogTable withAncestors(Map<Long, Row> all) {
            var ancestors = new ArrayList<TableName>();
            var seen = new HashSet<Long>();
            for (Long at = parent; at != null && seen.add(at); ) {
                Row row = all.get(at);
                if (row == null) {
                    break;
                }
                ancestors.add(row.table.name());
                at = row.parent;
            }
            CatalogTable t = table;
            return new CatalogTable(
                    t.name(),
                    List.copyOf(ancestors),
                    t.partitioned(),
                    t.unlogged(),
                    t.ofExtension(),
                    t.identity(),
                    t.keyed(),
                    t.keyedAcrossPartitions(),
                    t.identityHoldsGenerated(),
                    t.owned(),
                    t.owner(),
                    t.readable(),
                    t.writable(),
                    t.filtered(),
                    t.columns());
        }
    }
}
