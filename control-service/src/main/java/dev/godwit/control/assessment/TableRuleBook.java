// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.TableRule;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What the operator wants of the tables. Target, filter and columns of a table are each taken from
 * the nearest rule that says them: its own, that of a partitioned table above it, that of its
 * schema.
 */
record TableRuleBook(List<TableRule> rules) {
    static final TableRuleBook EMPTY = new TableRuleBook(List.of());

    TableRuleBook {
        rules = List.copyOf(rules);
    }

    /**
     * The selected tables' ways. Partitions go to the target's own if it has them all, else to its
     * root; while some travel, the others go as they do.
     */
    List<TableMapping> map(
            List<CatalogTable> selected,
            Collection<CatalogTable> source,
            Map<TableName, CatalogTable> target,
            List<TableMapping> travelling) {
        Map<TableName, Boolean> leafByLeaf = new LinkedHashMap<>();
        source.stream()
                .filter(table -> table.partition() && !table.partitioned())
                .forEach(leaf ->
                        leafByLeaf.merge(
                                leaf.ancestors().getLast(),
                                target.containsKey(inSchema(leaf.name())),
                                Boolean::logicalAnd));
        for (TableMapping leaf : travelling) {
            if (leaf.getRoot() != null) {
                leafByLeaf.put(
                        TableName.of(leaf.getRoot()),
                        TableName.of(leaf.getTarget())
                                .equals(inSchema(TableName.of(leaf.getSource()))));
            }
        }
        var mappings = new ArrayList<TableMapping>();
        for (CatalogTable table : selected) {
            // All leaves or none: emptying the root on the target would empty a leaf that another
            // mapping loads.
            boolean own =
                    !table.partition()
                            || leafByLeaf.getOrDefault(table.ancestors().getLast(), true);
            TableName usual = inSchema(own ? table.name() : table.ancestors().getLast());
            mappings.add(
                    TableMapping.newBuilder()
                            .setSource(table.name().toAvro())
                            .setTarget(named(table).orElse(usual).toAvro())
                            .setRoot(
                                    table.partition() ? table.ancestors().getLast().toAvro() : null)
                            .setFilter(
                                    nearest(table, rule -> rule.getFilter() != null)
                                            .map(TableRule::getFilter)
                                            .orElse(null))
                            .setColumns(
                                    nearest(table, rule -> !rule.getColumns().isEmpty())
                                            .map(TableRule::getColumns)
                                            .orElse(List.of()))
                            .build());
        }
        return mappings;
    }

    /** Rules that are about none of these. */
    List<TableRule> unused(Collection<CatalogTable> selected) {
        return rules.stream()
                .filter(rule ->
                        selected.stream()
                                .noneMatch(table ->
                                        chain(table).anyMatch(name -> isAbout(rule, name))))
                .toList();
    }

    /** Source schema to target schema, where all of a schema is renamed. */
    Map<String, String> schemas() {
        var renamed = new LinkedHashMap<String, String>();
        for (TableRule rule : rules) {
            if (rule.getTable() == null && rule.getTargetNamespace() != null) {
                renamed.put(rule.getNamespace(), rule.getTargetNamespace());
            }
        }
        return renamed;
    }

    static String text(TableRule rule) {
        return rule.getNamespace() + "." + Objects.requireNonNullElse(rule.getTable(), "*");
    }

    /** The target that a rule of one table names. */
    private Optional<TableName> named(CatalogTable table) {
        return chain(table)
                .flatMap(this::exact)
                .filter(rule -> rule.getTargetTable() != null)
                .findFirst()
                .map(rule ->
                        new TableName(
                                Objects.requireNonNull(rule.getTargetNamespace()),
                                Objects.requireNonNull(rule.getTargetTable())));
    }

    /** A table's name on the target, unless a rule names that. */
    TableName inSchema(TableName name) {
        return new TableName(schemas().getOrDefault(name.schema(), name.schema()), name.name());
    }

    private Optional<TableRule> nearest(CatalogTable table, Predicate<TableRule> says) {
        return Stream.concat(
                        chain(table).flatMap(this::exact), chain(table).flatMap(this::ofSchema))
                .filter(says)
                .findFirst();
    }

    private Stream<TableRule> exact(TableName name) {
        return rules.stream().filter(rule -> rule.getTable() != null && isAbout(rule, name));
    }

    private Stream<TableRule> ofSchema(TableName name) {
        return rules.stream().filter(rule -> rule.getTable() == null && isAbout(rule, name));
    }

    private static boolean isAbout(TableRule rule, TableName name) {
        return rule.getNamespace().equals(name.schema())
                && (rule.getTable() == null || rule.getTable().equals(name.name()));
    }

    private static Stream<TableName> chain(CatalogTable table) {
        return Stream.concat(Stream.of(table.name()), table.ancestors().stream());
    }
}
