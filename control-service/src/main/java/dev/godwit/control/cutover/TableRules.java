// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.postgres.WrittenName;
import dev.godwit.schemas.TableRule;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.Parser;

/**
 * Reads what the operator wrote of a table's mapping; whether it fits the databases is for the
 * checks.
 */
public final class TableRules {
    private static final int IDENTIFIER_BYTES_MOST = 63;

    private TableRules() {}

    /**
     * One rule.
     *
     * @param field its place in the request
     * @param source schema.table, or schema.* for all tables of the schema
     * @param target of the same form; null: the source's name
     * @param where an SQL condition; null: all rows
     * @param columns null: all columns
     * @throws MigrationException REQUEST_INVALID, naming the field
     */
    public static TableRule read(
            String field,
            @Nullable String source,
            @Nullable String target,
            @Nullable String where,
            @Nullable List<String> columns) {
        if (source == null) {
            throw invalid(field + ".source", "be given");
        }
        require(
                target != null || where != null || columns != null,
                field,
                "hold a target, a where or columns");
        List<WrittenName> from = name(field + ".source", source);
        boolean all = from.getLast().any();
        TableRule.Builder rule =
                TableRule.newBuilder()
                        .setNamespace(from.getFirst().name())
                        .setTable(all ? null : from.getLast().name());
        if (target != null) {
            List<WrittenName> to = name(field + ".target", target);
            require(
                    to.getLast().any() == all,
                    field + ".target",
                    all ? "be of the form schema.*, as its source is" : "name one table");
            rule.setTargetNamespace(to.getFirst().name());
            rule.setTargetTable(all ? null : to.getLast().name());
        }
        if (where != null) {
            requireOneCondition(field + ".where", where);
            rule.setFilter(where.strip());
        }
        if (columns != null) {
            require(!all, field + ".columns", "stand with one table, not with a whole schema");
            requireColumns(field + ".columns", columns);
            rule.setColumns(List.copyOf(columns));
        }
        return rule.build();
    }

    /** Each source is named once. */
    static void requireDistinct(String field, List<TableRule> rules) {
        var named = new HashSet<List<@Nullable String>>();
        for (int i = 0; i < rules.size(); i++) {
            TableRule rule = rules.get(i);
            require(
                    named.add(Arrays.asList(rule.getNamespace(), rule.getTable())),
                    field + "[" + i + "].source",
                    "not be named twice");
        }
    }

    /**
     * The name of one table.
     *
     * @throws MigrationException REQUEST_INVALID, naming the field
     */
    public static TableName table(String field, @Nullable String text) {
        if (text == null) {
            throw invalid(field, "be given");
        }
        List<WrittenName> parts = name(field, text);
        require(!parts.getLast().any(), field, "name one table");
        return new TableName(parts.getFirst().name(), parts.getLast().name());
    }

    private static List<WrittenName> name(String field, String text) {
        List<WrittenName> parts = WrittenName.split(text, '.');
        require(
                parts.size() == 2 && !parts.getFirst().any(),
                field,
                "be of the form schema.table or schema.*, with double quotes around a name that holds a dot");
        parts.forEach(part -> requireIdentifier(field, part.name()));
        return parts;
    }

    private static void requireColumns(String field, List<String> columns) {
        require(!columns.isEmpty(), field, "name at least one column");
        require(new HashSet<>(columns).size() == columns.size(), field, "name each column once");
        columns.forEach(column -> requireIdentifier(field, column));
    }

    private static void requireIdentifier(String field, String name) {
        require(!name.isEmpty(), field, "not hold an empty name");
        require(
                name.getBytes(StandardCharsets.UTF_8).length <= IDENTIFIER_BYTES_MOST,
                field,
                "hold names of at most 63 bytes");
        require(
                name.chars().noneMatch(Character::isISOControl),
                field,
                "hold no control character");
    }

    /**
     * It is going to stand between parentheses, and must not end them: that it is an expression,
     * and an allowed one, is for the server to say.
     */
    private static void requireOneCondition(String field, String where) {
        require(!where.isBlank(), field, "not be empty");
        char[] text = where.toCharArray();
        int depth = 0;
        for (int i = 0; i < text.length; i++) {
            int from = i;
            switch (text[i]) {
                case '\'' -> {
                    require(i == 0 || "eE".indexOf(text[i - 1]) < 0, field, ESCAPES);
                    i = Parser.parseSingleQuotes(text, i, true);
                }
                case '"' -> i = Parser.parseDoubleQuotes(text, i);
                case '$' -> i = Parser.parseDollarQuotes(text, i);
                case '-' -> require(Parser.parseLineComment(text, i) == i, field, COMMENT);
                case '/' -> require(Parser.parseBlockComment(text, i) == i, field, COMMENT);
                case '(' -> depth++;
                case ')' -> depth--;
                case ';' -> throw invalid(field, "be one condition, without a semicolon");
                case '\0' -> throw invalid(field, "hold no control character");
                default -> {}
            }
            require(depth >= 0, field, "have balanced parentheses");
            // An open quotation ends behind the text.
            require(i < text.length, field, "close the quotation at character " + (from + 1));
        }
        require(depth == 0, field, "have balanced parentheses");
    }

    private static final String COMMENT = "hold no comment";

    /** The parser and the server would not agree where every one of them begins. */
    private static final String ESCAPES =
            "hold no escape string (E'...'), and no quotation right behind a letter e: write a backslash as it is, and a space before the quotation, as in date '2030-01-01'";

    private static void require(boolean condition, String field, String rule) {
        if (!condition) {
            throw invalid(field, rule);
        }
    }

    private static MigrationException invalid(String field, String rule) {
        return new MigrationException(
                ErrorCode.REQUEST_INVALID, "%s must %s".formatted(field, rule));
    }
}
