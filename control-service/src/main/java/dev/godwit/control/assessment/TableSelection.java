// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which source tables travel, and where to. A pattern is "schema.table" with * for any characters,
 * matched against the unquoted name; one that begins with ! leaves tables out; none at all selects
 * every table.
 *
 * @param unmatched patterns that name no table of the source
 */
public record TableSelection(List<TableMapping> tables, List<String> unmatched) {
    private static final char EXCLUDE = '!';

    static TableSelection of(
            List<String> patterns,
            TableRuleBook rules,
            Map<TableName, CatalogTable> source,
            Map<TableName, CatalogTable> target) {
        return meanwhile(patterns, Set.of(), List.of(), rules, source, target);
    }

    /**
     * The same while tables travel.
     *
     * @param added tables that the patterns do not mean, or leave out
     * @param travelling the ways of those that do: further partitions go where the others go
     */
    static TableSelection meanwhile(
            List<String> patterns,
            Set<TableName> added,
            List<TableMapping> travelling,
            TableRuleBook rules,
            Map<TableName, CatalogTable> source,
            Map<TableName, CatalogTable> target) {
        List<String> wanted = wanted(patterns);
        List<Pattern> included = included(patterns);
        List<Pattern> excluded = excluded(patterns);
        List<CatalogTable> selected =
                source.values().stream()
                        .filter(table -> !table.partitioned() && !table.ofExtension())
                        .filter(table ->
                                (matches(included, table) && !matches(excluded, table))
                                        || names(table).anyMatch(added::contains))
                        .toList();
        List<String> unmatched =
                wanted.stream()
                        .filter(pattern -> !pattern.equals(LargeObjects.NAME.toString()))
                        .filter(pattern ->
                                source.values().stream()
                                        .noneMatch(
                                                table -> matches(List.of(compile(pattern)), table)))
                        .toList();
        return new TableSelection(
                rules.map(selected, source.values(), target, travelling), unmatched);
    }

    /** Whether these patterns mean what has this name: also what is no table, as large objects. */
    public static boolean selects(List<String> patterns, TableName name) {
        return matches(included(patterns), name) && !matches(excluded(patterns), name);
    }

    private static List<String> wanted(List<String> patterns) {
        return patterns.stream().filter(pattern -> pattern.charAt(0) != EXCLUDE).toList();
    }

    private static List<Pattern> included(List<String> patterns) {
        List<String> wanted = wanted(patterns);
        return (wanted.isEmpty() ? List.of("*") : wanted)
                .stream().map(TableSelection::compile).toList();
    }

    private static List<Pattern> excluded(List<String> patterns) {
        return patterns.stream()
                .filter(pattern -> pattern.charAt(0) == EXCLUDE)
                .map(pattern -> compile(pattern.substring(1)))
                .toList();
    }

    /** A partition is meant by its own name and by that of any table above it. */
    private static boolean matches(List<Pattern> patterns, CatalogTable table) {
        return names(table).anyMatch(name -> matches(patterns, name));
    }

    private static boolean matches(List<Pattern> patterns, TableName name) {
        return patterns.stream().anyMatch(pattern -> pattern.matcher(name.toString()).matches());
    }

    private static Stream<TableName> names(CatalogTable table) {
        return Stream.concat(Stream.of(table.name()), table.ancestors().stream());
    }

    private static Pattern compile(String pattern) {
        return Pattern.compile(
                Stream.of(pattern.split("\\*", -1))
                        .map(Pattern::quote)
                        .collect(Collectors.joining(".*")),
                Pattern.DOTALL);
    }
}
