// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.demo;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.Identifiers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.postgresql.PGConnection;

/**
 * Compares two databases by a way of its own, apart from all that moved the rows: the COPY text of
 * every table and materialised view, sorted, line by line; then what the catalogs say of
 * constraints, indexes, triggers and sequences.
 *
 * @param rows lines compared
 * @param differences one sentence each; empty when both are equal
 */
record Proof(int tables, long rows, List<String> differences) {
    private static final String TABLES =
            "SELECT c.relname, (SELECT string_agg(pg_catalog.quote_ident(attname), ', ' ORDER BY attnum)"
                    + " FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),"
                    + " CASE c.relkind WHEN 'm' THEN pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';') END"
                    + " FROM pg_catalog.pg_class c WHERE c.relnamespace = 'public'::pg_catalog.regnamespace AND c.relkind IN ('r', 'm') ORDER BY 1";

    /** Everything that stands around the rows; each line must be on both sides. */
    private static final String OBJECTS =
            "SELECT 'constraint ' || conrelid::pg_catalog.regclass || ' ' || conname || ' ' || convalidated || ' '"
                    + " || pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint"
                    + " WHERE connamespace = 'public'::pg_catalog.regnamespace AND contype <> 'n' AND conrelid <> 0"
                    + " UNION ALL SELECT 'index ' || indexrelid::pg_catalog.regclass || ' ' || indisvalid || ' ' || pg_catalog.pg_get_indexdef(indexrelid)"
                    + " FROM pg_catalog.pg_index JOIN pg_catalog.pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::pg_catalog.regnamespace"
                    + " UNION ALL SELECT 'trigger ' || tgrelid::pg_catalog.regclass || ' ' || tgname || ' ' || tgenabled::text FROM pg_catalog.pg_trigger"
                    + " WHERE NOT tgisinternal"
                    + " UNION ALL SELECT 'identity ' || attrelid::pg_catalog.regclass || ' ' || attname || ' ' || attidentity::text FROM pg_catalog.pg_attribute"
                    + " JOIN pg_catalog.pg_class c ON c.oid = attrelid WHERE c.relnamespace = 'public'::pg_catalog.regnamespace AND attidentity <> ''";

    private static final String SEQUENCES =
            "SELECT 'sequence ' || sequencename || ' ' || coalesce(last_value::text, 'unused') FROM pg_catalog.pg_sequences"
                    + " WHERE schemaname = 'public'";

    static Proof of(ConnectionSettings source, ConnectionSettings target)
            throws SQLException, IOException {
        try (Connection left = source.open("godwit demo proof");
                Connection right = target.open("godwit demo proof")) {
            var differences = new ArrayList<String>();
            long rows = 0;
            int tables = 0;
            for (List<String> table : query(left, TABLES)) {
                String name = "public." + Identifiers.quote(table.get(0));
                // A materialised view is as old as its last refresh: the target's is fresh, so its
                // query is the measure.
                String rowsOf =
                        table.get(2).isEmpty() ? "ONLY " + name : "(" + table.get(2) + ") AS fresh";
                List<String> expected = lines(left, table.get(1), rowsOf);
                rows += expected.size();
                tables++;
                if (!expected.equals(lines(right, table.get(1), "ONLY " + name))) {
                    differences.add("table " + table.getFirst() + " differs");
                }
            }
            compare(left, right, OBJECTS, differences);
            compare(left, right, SEQUENCES, differences);
            return new Proof(tables, rows, differences);
        }
    }

    private static void compare(
            Connection left, Connection right, String question, List<String> differences)
            throws SQLException {
        var missing = new ArrayList<>(query(left, question));
        var extra = new ArrayList<>(query(right, question));
        missing.removeAll(query(right, question));
        extra.removeAll(query(left, question));
        missing.forEach(line -> differences.add("only on the source: " + line.getFirst()));
        extra.forEach(line -> differences.add("only on the target: " + line.getFirst()));
    }

    private static List<String> lines(Connection connection, String columns, String rowsOf)
            throws SQLException, IOException {
        var bytes = new ByteArrayOutputStream();
        connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyOut("COPY (SELECT %s FROM %s) TO STDOUT".formatted(columns, rowsOf), bytes);
        return bytes.toString(StandardCharsets.UTF_8).lines().sorted().toList();
    }

    private static List<List<String>> query(Connection connection, String sql) throws SQLException {
        var rows = new ArrayList<List<String>>();
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                var row = new ArrayList<String>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.add(Objects.requireNonNullElse(result.getString(i), ""));
                }
                rows.add(row);
            }
        }
        return rows;
    }
}
