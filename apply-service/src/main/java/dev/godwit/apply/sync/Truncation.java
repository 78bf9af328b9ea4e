// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Position;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Empties tables as one TRUNCATE of the source did: one statement over all of them, or DELETE where
 * a table outside refers to them; never CASCADE.
 */
final class Truncation {
    private final Function<TableName, Set<TableName>> sources;

    /**
     * @param sources of a target table
     */
    Truncation(Function<TableName, Set<TableName>> sources) {
        this.sources = sources;
    }

    void run(Connection connection, List<RowShape> shapes, Position position) throws SQLException {
        var tables = new HashMap<TableName, TargetTable>();
        var emptied = new HashMap<TableName, Set<TableName>>();
        for (RowShape shape : shapes) {
            TableName target = shape.table().name();
            tables.put(target, shape.table());
            emptied.computeIfAbsent(target, missing -> new HashSet<>())
                    .add(TableName.of(shape.announced().getSource()));
        }
        for (Map.Entry<TableName, Set<TableName>> each : emptied.entrySet()) {
            requireWhole(each.getKey(), each.getValue(), position);
        }
        var catalog = new TargetCatalog(connection);
        var truncated = new ArrayList<String>();
        try (Statement statement = connection.createStatement()) {
            for (TargetTable table : tables.values()) {
                if (catalog.referencedFromOutside(table.name(), tables.keySet())) {
                    statement.execute("DELETE FROM " + table.sql());
                } else {
                    truncated.add(table.sql());
                }
            }
            if (!truncated.isEmpty()) {
                statement.execute("TRUNCATE " + String.join(", ", truncated));
            }
        }
    }

    /** One leaf of several that share a target table cannot be emptied alone. */
    private void requireWhole(TableName target, Set<TableName> emptied, Position position) {
        if (!emptied.containsAll(sources.apply(target))) {
            throw new MigrationException(
                    ErrorCode.CHANGE_REFUSED,
                    "a TRUNCATE of %s at %s empties a part of the target table %s"
                            .formatted(emptied, position, target),
                    "Have the table loaded anew (godwit reload); or start a fresh migration to a table that has partitions of the same names.",
                    null);
        }
    }
}
