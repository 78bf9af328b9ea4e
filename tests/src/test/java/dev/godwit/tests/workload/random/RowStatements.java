// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import dev.godwit.tests.workload.random.RandomColumn.Nature;
import dev.godwit.tests.workload.random.RandomTable.Trait;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Statements for the rows of one table, each drawn anew. */
final class RowStatements {
    private static final int MERGE = 15;

    private final Dice dice;
    private final int major;
    private final RandomTable table;

    RowStatements(Dice dice, int major, RandomTable table) {
        this.dice = dice;
        this.major = major;
        this.table = table;
    }

    /** One of those that change no key. */
    List<Step> some() {
        if (table.columns().isEmpty()) {
            return withoutColumns();
        }
        return switch (dice.below(20)) {
            case 0, 1, 2, 3 -> insert(1);
            case 4 -> insert(dice.between(2, 30));
            case 5 -> copy(dice.between(1, 60));
            case 6, 7 -> upsert();
            case 8 -> merge();
            case 9, 10, 11, 12 -> List.of(update(where()));
            case 13 -> List.of(update(several()));
            case 14 -> List.of(nothing());
            case 15, 16 -> List.of(delete(where()));
            case 17 -> List.of(delete(several()));
            case 18 -> deleteAndInsert();
            default -> table.unique().isEmpty() ? insert(1) : rotate(dice.pick(table.unique()));
        };
    }

    /** One row at least, so many where no constraint can refuse them. */
    List<Step> fill(int rows) {
        if (table.columns().isEmpty()) {
            return withoutColumns();
        }
        boolean free = table.key().stream().allMatch(RandomColumn::identity);
        return free && table.unique().isEmpty() ? copy(rows) : insert(1);
    }

    private List<Step> withoutColumns() {
        return sql(
                dice.chance(60)
                        ? "INSERT INTO " + table.name() + " DEFAULT VALUES"
                        : "DELETE FROM " + table.name() + " WHERE " + place(1));
    }

    List<Step> insert(int rows) {
        boolean given = dice.chance(20);
        List<RandomColumn> columns = inserted(given);
        String values =
                IntStream.range(0, rows)
                        .mapToObj(i ->
                                columns.stream()
                                        .map(column -> column.cell(dice))
                                        .collect(Collectors.joining(", ", "(", ")")))
                        .collect(Collectors.joining(", "));
        return sql(
                "INSERT INTO %s (%s) %s VALUES %s"
                        .formatted(
                                table.name(),
                                TableDraft.names(columns),
                                given ? "OVERRIDING SYSTEM VALUE" : "",
                                values));
    }

    private List<RandomColumn> inserted(boolean identitiesToo) {
        return table.written().stream()
                .filter(column -> identitiesToo || !column.identity())
                .toList();
    }

    private List<Step> copy(int rows) {
        List<RandomColumn> columns = inserted(dice.chance(20));
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows; i++) {
            text.append(
                            columns.stream()
                                    .map(column -> copied(column.draw(dice)))
                                    .collect(Collectors.joining("\t")))
                    .append('\n');
        }
        return List.of(
                new Step.CopyIn(
                        "COPY %s (%s) FROM STDIN"
                                .formatted(table.name(), TableDraft.names(columns)),
                        text.toString()));
    }

    private static String copied(@org.jspecify.annotations.Nullable String value) {
        return value == null
                ? "\\N"
                : value.replace("\\", "\\\\")
                        .replace("\t", "\\t")
                        .replace("\n", "\\n")
                        .replace("\r", "\\r");
    }

    private List<Step> upsert() {
        if (!table.is(Trait.ARBITER) || table.is(Trait.RULES)) {
            return insert(1);
        }
        Step.Sql insert = (Step.Sql) insert(dice.between(1, 3)).getFirst();
        if (!table.is(Trait.DEFERRABLE) && dice.chance(30)) {
            return sql(insert.sql() + " ON CONFLICT DO NOTHING");
        }
        String set =
                dice.pickSome(table.changed(), dice.between(1, 3)).stream()
                        .map(column -> column.name() + " = excluded." + column.name())
                        .collect(Collectors.joining(", "));
        return sql(
                "%s ON CONFLICT (%s) DO UPDATE SET %s"
                        .formatted(insert.sql(), TableDraft.names(table.key()), set));
    }

    private List<Step> merge() {
        if (major < MERGE || table.key().isEmpty() || table.is(Trait.RULES)) {
            return List.of(update(where()));
        }
        List<RandomColumn> columns =
                table.written().stream()
                        .filter(column -> column.nature() != Nature.IDENTITY_ALWAYS)
                        .toList();
        if (!columns.containsAll(table.key())) {
            return insert(1);
        }
        String row =
                columns.stream()
                        .map(column -> column.cell(dice) + " AS " + column.name())
                        .collect(Collectors.joining(", "));
        String on =
                table.key().stream()
                        .map(column -> "t." + column.name() + " = s." + column.name())
                        .collect(Collectors.joining(" AND "));
        return sql(
                "MERGE INTO %s AS t USING (SELECT %s) AS s ON %s WHEN MATCHED AND %s THEN DELETE WHEN MATCHED THEN UPDATE SET %s WHEN NOT MATCHED THEN INSERT (%s) VALUES (%s)"
                        .formatted(
                                table.name(),
                                row,
                                on,
                                dice.chance(25),
                                set(),
                                TableDraft.names(columns),
                                columns.stream()
                                        .map(column -> "s." + column.name())
                                        .collect(Collectors.joining(", "))));
    }

    Step update(String where) {
        return new Step.Sql("UPDATE %s SET %s WHERE %s".formatted(table.name(), set(), where));
    }

    private String set() {
        return dice.pickSome(table.changed(), dice.between(1, 3)).stream()
                .map(column -> column.name() + " = " + column.cell(dice))
                .collect(Collectors.joining(", "));
    }

    /** An update after which all is as before. */
    private Step nothing() {
        return new Step.Sql(
                "UPDATE %s SET %s WHERE %s"
                        .formatted(
                                table.name(),
                                table.changed().stream()
                                        .map(column -> column.name() + " = " + column.name())
                                        .collect(Collectors.joining(", ")),
                                where()));
    }

    Step delete(String where) {
        return new Step.Sql("DELETE FROM " + table.name() + " WHERE " + where);
    }

    private List<Step> deleteAndInsert() {
        List<Step> steps = new ArrayList<>();
        steps.add(delete(several()));
        steps.addAll(insert(dice.between(1, 8)));
        return steps;
    }

    /** Three rows pass their values on, or two of them and one that comes anew. */
    List<Step> rotate(RandomColumn column) {
        List<String> values = dice.pickSome(column.pool(), 3);
        if (values.size() < 3) {
            return List.of(update(where()));
        }
        String first = values.get(0);
        String second = values.get(1);
        String third = values.get(2);
        List<Step> steps = new ArrayList<>();
        steps.add(delete(column.equal(third)));
        steps.add(move(column, first, third));
        steps.add(move(column, second, first));
        steps.add(move(column, third, second));
        if (dice.chance(30)) {
            steps.addAll(insert(1));
        }
        return steps;
    }

    private Step move(RandomColumn column, String from, String to) {
        return new Step.Sql(
                "UPDATE %s SET %s WHERE %s"
                        .formatted(table.name(), column.equal(to), column.equal(from)));
    }

    /** Keys that go to other rows. */
    List<Step> changeKeys() {
        if (table.key().isEmpty()) {
            return some();
        }
        RandomColumn column = dice.pick(table.key());
        return switch (column.nature()) {
            case IDENTITY_ALWAYS ->
                    sql(
                            "UPDATE %s SET %s = DEFAULT WHERE %s"
                                    .formatted(table.name(), column.name(), where()));
            default ->
                    dice.chance(50)
                            ? rotate(column)
                            : sql(
                                    "UPDATE %s SET %s%s WHERE %s"
                                            .formatted(
                                                    table.name(),
                                                    column.equal(column.drawSome(dice)),
                                                    dice.chance(50) ? ", " + set() : "",
                                                    where()));
        };
    }

    /**
     * Two values change places, the constraint being broken in between; the first half and the
     * second.
     */
    List<List<Step>> exchange() {
        RandomColumn column = dice.pick(table.unique());
        List<String> values = dice.pickSome(column.pool(), 2);
        String one = values.getFirst();
        String other = values.getLast();
        String mark = "'exchanged'";
        return List.of(
                sql(
                        "SET CONSTRAINTS ALL DEFERRED",
                        "UPDATE %s SET %s, note = %s WHERE %s"
                                .formatted(
                                        table.name(),
                                        column.equal(other),
                                        mark,
                                        column.equal(one))),
                sql(
                        "UPDATE %s SET %s WHERE %s AND note IS DISTINCT FROM %s"
                                .formatted(
                                        table.name(), column.equal(one), column.equal(other), mark),
                        "UPDATE %s SET note = NULL WHERE note = %s".formatted(table.name(), mark)));
    }

    /** A row by its key, or any. */
    private String where() {
        if (table.key().isEmpty() || dice.chance(10)) {
            return place(1);
        }
        return table.key().stream()
                .map(column -> column.equal(column.drawSome(dice)))
                .collect(Collectors.joining(" AND "));
    }

    private String several() {
        return place(dice.between(2, 12));
    }

    private String place(int rows) {
        return "(tableoid, ctid) IN (SELECT tableoid, ctid FROM %s OFFSET %d LIMIT %d)"
                .formatted(table.name(), dice.below(40), rows);
    }

    static List<Step> sql(String... statements) {
        List<Step> steps = new ArrayList<>();
        for (String statement : statements) {
            steps.add(new Step.Sql(statement));
        }
        return steps;
    }
}
