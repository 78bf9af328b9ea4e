// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.TableRule;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the source's tables and sequences are called on the target. */
public final class TargetNames {
    private final Map<TableName, TableName> tables = new HashMap<>();
    private final Map<TableName, TableName> roots = new HashMap<>();
    private final Map<TableName, Carried> carried = new HashMap<>();
    private final Map<String, String> schemas = new HashMap<>();

    public TargetNames(List<TableMapping> mappings, List<TableRule> rules) {
        for (TableRule rule : rules) {
            if (rule.getTable() == null && rule.getTargetNamespace() != null) {
                schemas.put(rule.getNamespace(), rule.getTargetNamespace());
            }
        }
        for (TableMapping mapping : mappings) {
            TableName source = TableName.of(mapping.getSource());
            TableName target = TableName.of(mapping.getTarget());
            var columns = new Carried(java.util.Optional.empty(), Set.copyOf(mapping.getColumns()));
            tables.put(source, target);
            carried.put(source, columns);
            if (mapping.getRoot() != null) {
                TableName root = TableName.of(mapping.getRoot());
                carried.putIfAbsent(root, columns);
                // Where leaves go to leaves, the root has its own counterpart.
                TableName above = target.equals(inSchema(source)) ? inSchema(root) : target;
                roots.merge(root, above, (one, other) -> one.equals(other) ? one : inSchema(root));
            }
        }
    }

    /** The selected source tables. */
    Collection<TableName> selected() {
        return tables.keySet();
    }

    /** A table's, partitioned ones included. */
    TableName table(TableName source) {
        TableName target = tables.get(source);
        return target == null ? roots.getOrDefault(source, inSchema(source)) : target;
    }

    /** A sequence's. */
    TableName sequence(TableName source) {
        return inSchema(source);
    }

    /** Whether the column travels, if its table does. */
    boolean carries(TableName source, String column) {
        return carried.getOrDefault(source, Carried.ALL).holds(column);
    }

    private TableName inSchema(TableName name) {
        return new TableName(schemas.getOrDefault(name.schema(), name.schema()), name.name());
    }
}
