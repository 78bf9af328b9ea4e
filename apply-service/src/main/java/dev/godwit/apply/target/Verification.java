// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import static dev.godwit.postgres.Identifiers.quote;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Checks what a silent session did not: foreign keys that could only be silenced, by an anti-join,
 * and deferrable keys, whose own check is a trigger.
 */
final class Verification {
    private static final String FOREIGN_KEYS =
            """
            SELECT n.nspname, r.relname, fn.nspname, f.relname, c.conname, c.confmatchtype = 'f',
                   ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY k(attnum, place)
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum ORDER BY k.place),
                   ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY k(attnum, place)
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum ORDER BY k.place),
                   ARRAY(SELECT pg_catalog.format('OPERATOR(%I.%s)', o_n.nspname, o.oprname)
                           FROM pg_catalog.unnest(c.conpfeqop) WITH ORDINALITY k(oid, place)
                           JOIN pg_catalog.pg_operator o ON o.oid = k.oid
                           JOIN pg_catalog.pg_namespace o_n ON o_n.oid = o.oprnamespace ORDER BY k.place),
                   $period
              FROM pg_catalog.pg_constraint c
              JOIN pg_catalog.pg_class r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
              JOIN pg_catalog.pg_class f ON f.oid = c.confrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
             WHERE c.contype = 'f' AND c.convalidated AND $parent = 0
               AND (c.conrelid = ANY (?::oid[]) OR c.confrelid = ANY (?::oid[]))
             ORDER BY 1, 2, 5\
            """;

    private static final String DEFERRABLE_KEYS =
            """
            SELECT n.nspname, x.relname, r.relname FROM pg_catalog.pg_constraint c
              JOIN pg_catalog.pg_class x ON x.oid = c.conindid AND x.relkind = 'i'
              JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
             WHERE c.contype IN ('p', 'u', 'x') AND c.condeferrable AND c.conrelid = ANY (?::oid[])
             ORDER BY 1, 2\
            """;

    private Verification() {}

    /** Run before the parked foreign keys are added, whose adding is a check of its own. */
    static void verify(Connection connection, List<TableTree> tables) throws SQLException {
        for (TableTree tree : tables) {
            for (ForeignKey key : foreignKeys(connection, tree)) {
                key.verify(connection);
            }
            rebuildDeferrableKeys(connection, tree);
        }
    }

    private static List<ForeignKey> foreignKeys(Connection connection, TableTree tree)
            throws SQLException {
        var found = new ArrayList<ForeignKey>();
        String period = tree.version().atLeast(18) ? "c.conperiod" : "false";
        try (PreparedStatement query =
                connection.prepareStatement(
                        FOREIGN_KEYS
                                .replace("$parent", tree.constraintParent("c"))
                                .replace("$period", period))) {
            query.setArray(1, tree.asArray(connection));
            query.setArray(2, tree.asArray(connection));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    found.add(
                            new ForeignKey(
                                    new TableName(row.getString(1), row.getString(2)),
                                    new TableName(row.getString(3), row.getString(4)),
                                    row.getString(5),
                                    row.getBoolean(6),
                                    List.of((String[]) row.getArray(7).getArray()),
                                    List.of((String[]) row.getArray(8).getArray()),
                                    List.of((String[]) row.getArray(9).getArray()),
                                    row.getBoolean(10)));
                }
            }
        }
        return found;
    }

    /**
     * Building a unique or exclusion index checks every row; the index of a deferrable key takes
     * duplicates until its trigger fires.
     */
    private static void rebuildDeferrableKeys(Connection connection, TableTree tree)
            throws SQLException {
        var keys = new ArrayList<TableName>();
        try (PreparedStatement query = connection.prepareStatement(DEFERRABLE_KEYS)) {
            query.setArray(1, tree.asArray(connection));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    keys.add(new TableName(row.getString(1), row.getString(2)));
                }
            }
        }
        for (TableName key : keys) {
            try {
                Ddl.run(connection, "REINDEX INDEX " + key.quoted());
            } catch (SQLException e) {
                if (SqlStates.passing(e)) {
                    throw e;
                }
                throw new MigrationException(
                        ErrorCode.RESTORE_FAILED,
                        "rows of %s break the deferrable constraint \"%s\" (SQLSTATE %s)"
                                .formatted(tree.table(), key.name(), SqlStates.state(e)),
                        "Compare the table with the source's, mend it, then retry: REINDEX INDEX "
                                + key.quoted(),
                        e);
            }
        }
    }

    /**
     * @param period the last columns are periods: those of the counterparts, which overlap it, must
     *     together cover a row's own
     */
    private record ForeignKey(
            TableName table,
            TableName referenced,
            String name,
            boolean full,
            List<String> columns,
            List<String> keys,
            List<String> equals,
            boolean period) {

        /** Simple: a row with any null column is free. Full: only a row with all of them null. */
        void verify(Connection connection) throws SQLException {
            String someNull =
                    columns.stream()
                            .map(column -> "a." + quote(column) + " IS NULL")
                            .collect(Collectors.joining(" OR "));
            String allNull =
                    columns.stream()
                            .map(column -> "a." + quote(column) + " IS NULL")
                            .collect(Collectors.joining(" AND "));
            String match =
                    IntStream.range(0, columns.size())
                            .mapToObj(i ->
                                    "b."
                                            + quote(keys.get(i))
                                            + " "
                                            + equals.get(i)
                                            + " a."
                                            + quote(columns.get(i)))
                            .collect(Collectors.joining(" AND "));
            String covered =
                    period
                            ? " HAVING a.%s OPERATOR(pg_catalog.<@) pg_catalog.range_agg(b.%s)"
                                    .formatted(quote(columns.getLast()), quote(keys.getLast()))
                            : "";
            String orphan =
                    "SELECT EXISTS (SELECT FROM %s a WHERE NOT (%s) AND NOT EXISTS (SELECT FROM %s b WHERE %s%s))"
                            .formatted(
                                    table.quoted(),
                                    full ? allNull : someNull,
                                    referenced.quoted(),
                                    match,
                                    covered);
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(orphan)) {
                row.next();
                if (row.getBoolean(1)) {
                    throw new MigrationException(
                            ErrorCode.RESTORE_FAILED,
                            "rows of %s have no counterpart in %s: they break the foreign key \"%s\""
                                    .formatted(table, referenced, name),
                            "Find them on the target with: "
                                    + orphan.substring(
                                                    "SELECT EXISTS (".length(), orphan.length() - 1)
                                            .replaceFirst("SELECT FROM", "SELECT * FROM")
                                    + "; mend them, then retry.",
                            null);
                }
            }
        }
    }
}
