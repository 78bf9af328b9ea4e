// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
record TableSelection(List<TableMapping> tables, List<String> unmatched) {
    private static final char EXCLUDE = '!';

    static TableSelection of(
            List<String> patterns,
            Map<TableName, CatalogTable> source,
            Map<TableName, CatalogTable> target) {
        List<String> wanted =
                patterns.stream().filter(pattern -> pattern.charAt(0) != EXCLUDE).toList();
        List<Pattern> included =
                (wanted.isEmpty() ? List.of("*") : wanted)
                        .stream().map(TableSelection::compile).toList();
        List<Pattern> excluded =
                patterns.stream()
                        .filter(pattern -> pattern.charAt(0) == EXCLUDE)
                        .map(pattern -> compile(pattern.substring(1)))
                        .toList();
        List<CatalogTable> selected =
                source.values().stream()
                        .filter(table -> !table.partitioned() && !table.ofExtension())
                        .filter(table -> matches(included, table) && !matches(excluded, table))
                        .toList();
        List<String> unmatched =
                wanted.stream()
                        .filter(pattern ->
                                source.values().stream()
                                        .noneMatch(
                                                table -> matches(List.of(compile(pattern)), table)))
                        .toList();
        return new TableSelection(mapped(selected, source.values(), target), unmatched);
    }

    private static List<TableMapping> mapped(
            List<CatalogTable> selected,
            Collection<CatalogTable> source,
            Map<TableName, CatalogTable> target) {
        Map<TableName, Boolean> leafByLeaf = new LinkedHashMap<>();
        source.stream()
                .filter(table -> table.partition() && !table.partitioned())
                .forEach(leaf ->
                        leafByLeaf.merge(
                                leaf.ancestors().getLast(),
                                target.containsKey(leaf.name()),
                                Boolean::logicalAnd));
        var mappings = new ArrayList<TableMapping>();
        for (CatalogTable table : selected) {
            // All leaves or none: emptying the root on the target would empty a leaf that another
            // mapping loads.
            boolean own =
                    !table.partition()
                            || leafByLeaf.getOrDefault(table.ancestors().getLast(), true);
            TableName to = own ? table.name() : table.ancestors().getLast();
            mappings.add(new TableMapping(table.name().toAvro(), to.toAvro()));
        }
        return mappings;
    }

    /** A partition is meant by its own name and by that of any table above it. */
    private static boolean matches(List<Pattern> patterns, CatalogTable table) {
        return Stream.concat(Stream.of(table.name()), table.ancestors().stream())
                .anyMatch(name ->
                        patterns.stream()
                                .anyMatch(pattern -> pattern.matcher(name.toString()).matches()));
    }

    private static Pattern compile(String pattern) {
        return Pattern.compile(
                Stream.of(pattern.split("\\*", -1))
                        .map(Pattern::quote)
                        .collect(Collectors.joining(".*")),
                Pattern.DOTALL);
    }
}
