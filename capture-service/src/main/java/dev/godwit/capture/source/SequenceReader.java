// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SequenceValue;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Reads the database's sequences: owned by a selected table or by a partitioned one, and those that
 * no table owns. Sequences are not transactional, so they are read behind the gate's marker.
 */
final class SequenceReader {
    private static final int STATEMENT_MOST = 200;
    private static final String NAMES =
            """
            SELECT n.nspname, c.relname
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'S' AND c.relpersistence <> 't'
               AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                                WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid
                                  AND e.deptype = 'e')
               AND NOT EXISTS (
                   SELECT FROM pg_catalog.pg_depend d
                     JOIN pg_catalog.pg_class t ON t.oid = d.refobjid AND t.relkind <> 'p'
                     JOIN pg_catalog.pg_namespace s ON s.oid = t.relnamespace
                    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      AND d.deptype IN ('a', 'i')
                      AND (s.nspname, t.relname) NOT IN (SELECT * FROM unnest(?::text[], ?::text[])))
             ORDER BY 1, 2
            """;

    private SequenceReader() {}

    static List<SequenceValue> read(Connection source, Collection<TableName> selected)
            throws SQLException {
        List<TableName> names = names(source, selected);
        var values = new ArrayList<SequenceValue>();
        for (int from = 0; from < names.size(); from += STATEMENT_MOST) {
            read(
                    source,
                    names.subList(from, Math.min(names.size(), from + STATEMENT_MOST)),
                    values);
        }
        return List.copyOf(values);
    }

    private static void read(Connection source, List<TableName> names, List<SequenceValue> values)
            throws SQLException {
        // A number in each row, since UNION ALL promises no order.
        String query =
                IntStream.range(0, names.size())
                        .mapToObj(number ->
                                "SELECT %d, last_value, is_called FROM %s"
                                        .formatted(number, names.get(number).quoted()))
                        .collect(Collectors.joining(" UNION ALL "));
        try (Statement statement = source.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            while (row.next()) {
                TableName name = names.get(row.getInt(1));
                values.add(new SequenceValue(name.toAvro(), row.getLong(2), row.getBoolean(3)));
            }
        }
    }

    private static List<TableName> names(Connection source, Collection<TableName> selected)
            throws SQLException {
        var names = new ArrayList<TableName>();
        try (PreparedStatement query = source.prepareStatement(NAMES)) {
            query.setArray(
                    1,
                    source.createArrayOf(
                            "text", selected.stream().map(TableName::schema).toArray()));
            query.setArray(
                    2,
                    source.createArrayOf("text", selected.stream().map(TableName::name).toArray()));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    names.add(new TableName(row.getString(1), row.getString(2)));
                }
            }
        }
        return names;
    }
}
