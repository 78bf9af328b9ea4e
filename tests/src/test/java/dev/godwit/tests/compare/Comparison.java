// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.compare;

import dev.godwit.postgres.Identifiers;
import dev.godwit.tests.postgres.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Compares every table of two databases by the text that PostgreSQL's own COPY gives of it. Columns
 * are named in the source's order; partitioned tables are compared as a whole, and tables without
 * columns by the number of their rows. It knows nothing of the product but its schema's name.
 */
public final class Comparison {
    private static final int SHOWN = 5;
    private static final long LISTED_ROWS_MAX = 300_000;
    private static final String TABLES =
            """
            SELECT n.nspname, c.relname, coalesce(string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), '')
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
               AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'godwit')
             GROUP BY 1, 2
            """;

    private Comparison() {}

    /**
     * What differs, one line each; empty when every table of the source has the same multiset of
     * rows on the target.
     */
    public static List<String> differences(Database source, Database target) {
        try (Connection from = source.open();
                Connection to = target.open()) {
            Map<String, String> tables = tables(from);
            List<String> differences = new ArrayList<>();
            if (!tables.keySet().equals(tables(to).keySet())) {
                differences.add(
                        "tables: source %s, target %s"
                                .formatted(tables.keySet(), tables(to).keySet()));
            }
            for (Map.Entry<String, String> table : tables.entrySet()) {
                compare(from, to, table.getKey(), table.getValue(), differences);
            }
            return differences;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The same of two queries: what differs in their rows. */
    public static List<String> differences(
            Database source, String ofSource, Database target, String ofTarget) {
        try (Connection from = source.open();
                Connection to = target.open()) {
            List<String> differences = new ArrayList<>();
            compare(ofSource, from, ofSource, to, ofTarget, differences);
            return differences;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Rows of all tables. */
    public static long rows(Database database) {
        try (Connection connection = database.open()) {
            long rows = 0;
            for (String table : tables(connection).keySet()) {
                rows += database.number("SELECT count(*) FROM " + table);
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void compare(
            Connection from, Connection to, String table, String columns, List<String> differences)
            throws SQLException {
        String query = "SELECT %s FROM %s".formatted(columns, table);
        try {
            if (FloatText.differs(from, to, table)) {
                String reread = FloatText.reread(from, to, table, columns);
                compare(table, to, reread, to, query, differences);
                return;
            }
        } catch (SQLException e) {
            differences.add("%s: %s".formatted(table, e.getMessage()));
            return;
        }
        compare(table, from, query, to, query, differences);
    }

    private static void compare(
            String name,
            Connection from,
            String ofSource,
            Connection to,
            String ofTarget,
            List<String> differences)
            throws SQLException {
        RowBag source;
        RowBag target;
        try {
            source = RowBag.of(from, ofSource);
            target = RowBag.of(to, ofTarget);
        } catch (SQLException e) {
            differences.add("%s: %s".formatted(name, e.getMessage()));
            return;
        }
        if (source.equals(target)) {
            return;
        }
        differences.add(
                "%s: %d rows on the source, %d on the target"
                        .formatted(name, source.rows(), target.rows()));
        if (source.rows() <= LISTED_ROWS_MAX && target.rows() <= LISTED_ROWS_MAX) {
            show(RowBag.listed(from, ofSource), RowBag.listed(to, ofTarget), differences);
        }
    }

    private static void show(
            Map<String, Integer> source, Map<String, Integer> target, List<String> differences) {
        TreeSet<String> lines = new TreeSet<>(source.keySet());
        lines.addAll(target.keySet());
        lines.stream()
                .filter(line -> !source.getOrDefault(line, 0).equals(target.getOrDefault(line, 0)))
                .limit(2 * SHOWN)
                .forEach(line ->
                        differences.add(
                                "  %dx on the source, %dx on the target: %s"
                                        .formatted(
                                                source.getOrDefault(line, 0),
                                                target.getOrDefault(line, 0),
                                                line.substring(0, Math.min(200, line.length())))));
    }

    private static Map<String, String> tables(Connection connection) throws SQLException {
        Map<String, String> tables = new TreeMap<>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(TABLES)) {
            while (rows.next()) {
                tables.put(
                        Identifiers.quote(rows.getString(1))
                                + "."
                                + Identifiers.quote(rows.getString(2)),
                        rows.getString(3));
            }
        }
        return tables;
    }
}
