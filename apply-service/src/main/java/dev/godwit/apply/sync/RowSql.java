// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.sync.RowShape.Match;
import dev.godwit.apply.sync.TargetTable.TargetColumn;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/**
 * The statements for rows of one table. Values to write are never cast to their column's type,
 * which cuts them silently: they are parameters of unknown type, or columns of a staging table that
 * has the column's own type, so the server's input functions read them.
 */
final class RowSql {
    private RowSql() {}

    /** Parameters: the written columns in order. */
    static String insert(Work work) {
        TargetTable table = work.shape().table();
        if (work.columns().isEmpty()) {
            return "INSERT INTO " + table.name().quoted() + " DEFAULT VALUES";
        }
        return "INSERT INTO "
                + table.name().quoted()
                + " ("
                + names(table, work)
                + ") OVERRIDING SYSTEM VALUE VALUES ("
                + work.columns().stream().mapToObj(column -> "?").collect(Collectors.joining(", "))
                + ")";
    }

    /** COPY writes identity columns GENERATED ALWAYS as given, as OVERRIDING SYSTEM VALUE does. */
    static String copy(Work work) {
        TargetTable table = work.shape().table();
        return "COPY " + table.name().quoted() + " (" + names(table, work) + ") FROM STDIN";
    }

    /** Parameters: the written columns, then those that find the row. */
    static String update(Work work) {
        return "UPDATE "
                + work.shape().table().sql()
                + " AS t SET "
                + set(work, column -> "?")
                + " WHERE "
                + indexed(work.shape());
    }

    /** Parameters: the columns that find the row. */
    static String delete(Work work) {
        return "DELETE FROM " + work.shape().table().sql() + " AS t WHERE " + indexed(work.shape());
    }

    /**
     * What is sought has its type named, without a length: for a composite column the operator
     * alone would have the server read an anonymous record, which it cannot.
     */
    private static String indexed(RowShape shape) {
        return matching(shape, (column, place) -> "?::" + column.baseType());
    }

    private static String matching(
            RowShape shape, BiFunction<TargetColumn, Integer, String> sought) {
        Match match = shape.match();
        var terms = new ArrayList<String>();
        for (int i = 0; i < match.columns().size(); i++) {
            TargetColumn column = shape.table().columns().get(match.columns().get(i));
            terms.add(
                    column.operand("t." + column.quoted())
                            + " "
                            + match.operators().get(i)
                            + " "
                            + sought.apply(column, i));
        }
        return String.join(" AND ", terms);
    }

    /** A staging table's columns: k0.. find the row, c0.. are written. */
    static String stage(Work work, String stage) {
        List<TargetColumn> columns = work.shape().table().columns();
        List<Integer> match = work.shape().match().columns();
        var selected = new ArrayList<String>();
        for (int i = 0; i < match.size(); i++) {
            selected.add("t." + columns.get(match.get(i)).quoted() + " AS k" + i);
        }
        work.columns().stream()
                .forEach(column ->
                        selected.add("t." + columns.get(column).quoted() + " AS c" + column));
        return "CREATE TEMPORARY TABLE "
                + stage
                + " ON COMMIT DELETE ROWS AS SELECT "
                + String.join(", ", selected)
                + " FROM "
                + work.shape().table().name().quoted()
                + " AS t WITH NO DATA";
    }

    static String updateStaged(Work work, String stage) {
        return "UPDATE "
                + work.shape().table().sql()
                + " AS t SET "
                + set(work, column -> "s.c" + column)
                + " FROM "
                + stage
                + " AS s WHERE "
                + joined(work.shape());
    }

    static String deleteStaged(Work work, String stage) {
        return "DELETE FROM "
                + work.shape().table().sql()
                + " AS t USING "
                + stage
                + " AS s WHERE "
                + joined(work.shape());
    }

    private static String joined(RowShape shape) {
        return matching(shape, (column, place) -> column.operand("s.k" + place));
    }

    /**
     * Finds one row by the output text of its columns. The sought text goes through the target's
     * input and output functions, so that another version's way to write a float does not matter.
     * Parameters: the cells that are not null.
     */
    static String locate(RowShape shape, Cells old) {
        var terms = new ArrayList<String>();
        for (int column : shape.match().columns()) {
            TargetColumn each = shape.table().columns().get(column);
            String name = "t." + each.quoted();
            if (old.length(column) < 0) {
                terms.add(name + " IS NOT DISTINCT FROM NULL");
            } else if (each.textEqual()) {
                terms.add(each.operand(name) + " = ?");
            } else {
                terms.add(text(name) + " = " + text("?::" + each.baseType()));
            }
        }
        return located(shape.table().sql() + " AS t", terms);
    }

    /** As {@link #locate}, the cells being in a staging table of one row. */
    static String locateStaged(RowShape shape, String stage) {
        var terms = new ArrayList<String>();
        List<Integer> match = shape.match().columns();
        for (int i = 0; i < match.size(); i++) {
            String name = "t." + shape.table().columns().get(match.get(i)).quoted();
            String sought = "s.k" + i;
            terms.add(
                    "(%s IS NOT DISTINCT FROM NULL) = (%s IS NOT DISTINCT FROM NULL) AND %s = %s"
                            .formatted(name, sought, text(name), text(sought)));
        }
        return located(shape.table().sql() + " AS t, " + stage + " AS s", terms);
    }

    /**
     * Its output, as it stands: a column's own collation may call other texts equal, and format
     * would hand it on.
     */
    private static String text(String value) {
        return "format('%s', " + value + ") COLLATE pg_catalog.\"C\"";
    }

    private static String located(String from, List<String> terms) {
        return "SELECT t.ctid::text, t.tableoid::bigint FROM "
                + from
                + (terms.isEmpty() ? "" : " WHERE " + String.join(" AND ", terms))
                + " LIMIT 1";
    }

    /** Parameters: the written columns, ctid, tableoid. */
    static String updateAt(Work work) {
        return "UPDATE "
                + work.shape().table().sql()
                + " AS t SET "
                + set(work, column -> "?")
                + " WHERE t.ctid = ?::tid AND t.tableoid = ?::oid";
    }

    /** Parameters: ctid, tableoid. The new cells are in a staging table of one row. */
    static String updateAtStaged(Work work, String stage) {
        return "UPDATE "
                + work.shape().table().sql()
                + " AS t SET "
                + set(work, column -> "s.c" + column)
                + " FROM "
                + stage
                + " AS s WHERE t.ctid = ?::tid AND t.tableoid = ?::oid";
    }

    /** Parameters: ctid, tableoid. */
    static String deleteAt(Work work) {
        return "DELETE FROM "
                + work.shape().table().sql()
                + " AS t WHERE t.ctid = ?::tid AND t.tableoid = ?::oid";
    }

    /** With nothing to write the row must still be there: a column is set to itself. */
    private static String set(Work work, IntFunction<String> value) {
        List<TargetColumn> columns = work.shape().table().columns();
        if (work.columns().isEmpty()) {
            String any = columns.getFirst().quoted();
            return any + " = t." + any;
        }
        return work.columns().stream()
                .mapToObj(column -> columns.get(column).quoted() + " = " + value.apply(column))
                .collect(Collectors.joining(", "));
    }

    private static String names(TargetTable table, Work work) {
        return work.columns().stream()
                .mapToObj(column -> table.columns().get(column).quoted())
                .collect(Collectors.joining(", "));
    }
}
