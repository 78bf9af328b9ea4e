// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import dev.godwit.postgres.Identifiers;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Two tables of a group, each with a column of each of its types: one with a key, one whose rows
 * are found by all of their text, with equal rows. The column {@code path} says what a row goes
 * through. Values of about every row are out of line.
 */
final class TypeTables {
    /** What a row goes through. */
    enum Path {
        LOAD(0),
        INSERT(10_000),
        UPDATE(20_000),
        DELETE(30_000);

        private final int firstId;

        Path(int firstId) {
            this.firstId = firstId;
        }

        String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** As many as make apply stage a batch, beside the few that it writes one by one. */
    private static final int COPIES = 3;

    private static final int COPY_APART = 1_000;
    private static final int TOUCHED = 5_000;

    private final TypeGroup group;
    private final int rows;

    /** For types that both servers have. */
    TypeTables(TypeGroup group) {
        this.group = group;
        int values = group.types().stream().mapToInt(type -> type.values().size()).max().orElse(0);
        this.rows = values + 1;
    }

    TypeGroup group() {
        return group;
    }

    String keyed() {
        return "public." + group.name() + "_keyed";
    }

    String keyless() {
        return "public." + group.name() + "_keyless";
    }

    List<String> create() {
        String columns =
                IntStream.range(0, group.types().size())
                        .mapToObj(i -> ", c%d %s".formatted(i, group.types().get(i).column()))
                        .collect(Collectors.joining());
        return List.of(
                "CREATE TABLE %s (id integer PRIMARY KEY, path text, note text%s)"
                        .formatted(keyed(), columns),
                "CREATE TABLE %s (id integer, path text, note text%s)"
                        .formatted(keyless(), columns),
                "ALTER TABLE %s REPLICA IDENTITY FULL".formatted(keyless()));
    }

    /** Before the migration. */
    List<String> load() {
        List<String> statements = new ArrayList<>();
        for (Path path : List.of(Path.LOAD, Path.UPDATE, Path.DELETE)) {
            statements.add(insert(keyed(), path, 0, rows, COPIES, 0));
            statements.add(insert(keyless(), path, 0, rows, 1, 0));
        }
        statements.add(insert(keyed(), Path.UPDATE, 0, rows, 1, TOUCHED));
        statements.add(insert(keyless(), Path.UPDATE, 0, rows, 1, TOUCHED));
        statements.add(insert(keyless(), Path.DELETE, 0, rows, 1, 0));
        return statements;
    }

    /** While it synchronises, the first rows alone: what apply writes one by one. */
    List<String> syncOne() {
        return List.of(
                insert(keyed(), Path.INSERT, 0, 1, 1, 0),
                update(keyed(), 0, 0),
                "DELETE FROM %s WHERE id = %d".formatted(keyed(), id(Path.DELETE, 0, 0)));
    }

    /** The others, each table's in one transaction. */
    List<String> syncMany() {
        List<String> statements = new ArrayList<>();
        statements.add(insert(keyed(), Path.INSERT, 1, rows, COPIES, 0));
        statements.add(insert(keyless(), Path.INSERT, 0, rows, 1, 0));
        for (int row = 0; row < rows; row++) {
            statements.add(update(keyless(), row, 0));
        }
        for (int row = 1; row < rows * COPIES; row++) {
            statements.add(update(keyed(), row / COPIES, row % COPIES));
        }
        for (String table : List.of(keyed(), keyless())) {
            statements.add(
                    "UPDATE %s SET note = 'touched' WHERE id BETWEEN %d AND %d"
                            .formatted(
                                    table,
                                    id(Path.UPDATE, TOUCHED, 0),
                                    id(Path.UPDATE, TOUCHED, 0) + COPY_APART));
        }
        statements.add("DELETE FROM %s WHERE path = 'delete'".formatted(keyed()));
        statements.add(
                "DELETE FROM %1$s WHERE ctid IN (SELECT max(ctid::text)::tid FROM %1$s WHERE path = 'delete' GROUP BY id)"
                        .formatted(keyless()));
        return statements;
    }

    private static int id(Path path, int offset, int row) {
        return path.firstId + offset + row;
    }

    private String insert(String table, Path path, int from, int to, int copies, int offset) {
        List<String> lines = new ArrayList<>();
        for (int copy = 0; copy < copies; copy++) {
            for (int row = from; row < to; row++) {
                lines.add(
                        "(%d, '%s', 'n'%s)"
                                .formatted(
                                        id(path, offset + copy * COPY_APART, row),
                                        path.label(),
                                        cells(row)));
            }
        }
        return "INSERT INTO %s VALUES %s".formatted(table, String.join(", ", lines));
    }

    private String cells(int row) {
        return each(i -> ", " + literal(i, row));
    }

    /** Every value becomes the next one, the last one null, and null the first. */
    private String update(String table, int row, int copy) {
        return "UPDATE %s SET note = 'updated'%s WHERE id = %d"
                .formatted(
                        table,
                        each(i -> ", c%d = %s".formatted(i, literal(i, (row + 1) % rows))),
                        id(Path.UPDATE, copy * COPY_APART, row));
    }

    private String each(IntFunction<String> column) {
        return IntStream.range(0, group.types().size())
                .mapToObj(column)
                .collect(Collectors.joining());
    }

    /** The last row is null. */
    private String literal(int column, int row) {
        List<String> values = group.types().get(column).values();
        return row == rows - 1 ? "NULL" : Identifiers.literal(values.get(row % values.size()));
    }
}
