// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A table that was attached on the source, or a partition that was detached, while its counterpart
 * was not: its rows travel to where they belong, and the target shows them elsewhere.
 */
record PartitionDifference(Databases.Side source, Databases.Side target, TableRuleBook rules) {
    /**
     * Of a source table that was attached or detached since the start; with the statement for the
     * target. None where the target has nothing to attach it to.
     */
    Optional<CheckFinding> of(TableMapping table) throws SQLException {
        TableName name = TableName.of(table.getSource());
        List<TableName> above = Objects.requireNonNull(source.catalog().get(name)).ancestors();
        CatalogTable there = target.catalog().get(TableName.of(table.getTarget()));
        if (there == null || there.partition() != above.isEmpty()) {
            return Optional.empty();
        }
        if (there.partition()) {
            return Optional.of(
                    finding(
                            "table %s of the source was detached, table %s of the target is still a partition"
                                    .formatted(name, there.name()),
                            there.ancestors().getFirst(),
                            "DETACH PARTITION " + there.name().quoted()));
        }
        CatalogTable parent = target.catalog().get(rules.inSchema(above.getFirst()));
        return parent == null || !parent.partitioned()
                ? Optional.empty()
                : Optional.of(
                        finding(
                                "table %s of the source was attached to %s, table %s of the target is not a partition"
                                        .formatted(name, above.getFirst(), there.name()),
                                parent.name(),
                                "ATTACH PARTITION %s %s"
                                        .formatted(there.name().quoted(), bound(name))));
    }

    private static CheckFinding finding(String what, TableName parent, String action) {
        return CheckFinding.failed(
                "target.partitions",
                ErrorCode.SCHEMA_CHANGED,
                what,
                "On the target: ALTER TABLE %s %s;".formatted(parent.quoted(), action));
    }

    /** Which rows a partition of the source takes, as ATTACH PARTITION wants it. */
    private String bound(TableName partition) throws SQLException {
        try (PreparedStatement query =
                source.connection()
                        .prepareStatement(
                                "SELECT pg_catalog.pg_get_expr(relpartbound, oid) FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(?)")) {
            query.setString(1, partition.quoted());
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? row.getString(1) : "FOR VALUES ...";
            }
        }
    }
}
