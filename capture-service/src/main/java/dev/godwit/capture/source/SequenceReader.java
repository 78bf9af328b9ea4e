// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SequenceOwner;
import dev.godwit.schemas.SequenceValue;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
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
            SELECT DISTINCT ON (1, 2) n.nspname, c.relname, owner.nspname, owner.relname, owner.attname
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              LEFT JOIN (SELECT d.objid, s.nspname, t.relname, a.attname
                           FROM pg_catalog.pg_depend d
                           JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
                           JOIN pg_catalog.pg_namespace s ON s.oid = t.relnamespace
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
                          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                            AND d.deptype IN ('a', 'i')) owner ON owner.objid = c.oid
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

    /** A sequence, and the column that owns it. */
    private record Found(TableName name, Optional<Owner> owner) {
        /** Where its value goes. */
        SequenceValue value(long last, boolean called, TargetNames names) {
            var value = new SequenceValue(names.sequence(name).toAvro(), last, called, null, false);
            owner.ifPresent(of -> {
                TableName table = names.table(of.table);
                value.setOwner(new SequenceOwner(table.toAvro(), of.column));
                value.setRenamed(!table.equals(of.table));
            });
            return value;
        }
    }

    private record Owner(TableName table, String column) {}

    /** By their names on the target. */
    static List<SequenceValue> read(Connection source, TargetNames names) throws SQLException {
        List<Found> found = find(source, names);
        var values = new ArrayList<SequenceValue>();
        for (int from = 0; from < found.size(); from += STATEMENT_MOST) {
            read(
                    source,
                    found.subList(from, Math.min(found.size(), from + STATEMENT_MOST)),
                    names,
                    values);
        }
        return List.copyOf(values);
    }

    private static void read(
            Connection source, List<Found> found, TargetNames names, List<SequenceValue> values)
            throws SQLException {
        // A number in each row, since UNION ALL promises no order.
        String query =
                IntStream.range(0, found.size())
                        .mapToObj(number ->
                                "SELECT %d, last_value, is_called FROM %s"
                                        .formatted(number, found.get(number).name().quoted()))
                        .collect(Collectors.joining(" UNION ALL "));
        try (Statement statement = source.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            while (row.next()) {
                values.add(
                        found.get(row.getInt(1)).value(row.getLong(2), row.getBoolean(3), names));
            }
        }
    }

    private static List<Found> find(Connection source, TargetNames names) throws SQLException {
        Collection<TableName> selected = names.selected();
        var found = new ArrayList<Found>();
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
                    Optional<Owner> owner = owner(row);
                    // The target's column then fills itself, if it is there at all.
                    if (owner.isEmpty() || names.carries(owner.get().table, owner.get().column)) {
                        found.add(
                                new Found(
                                        new TableName(row.getString(1), row.getString(2)), owner));
                    }
                }
            }
        }
        return found;
    }

    private static Optional<Owner> owner(ResultSet row) throws SQLException {
        String column = row.getString(5);
        return column == null
                ? Optional.empty()
                : Optional.of(new Owner(new TableName(row.getString(3), row.getString(4)), column));
    }
}
