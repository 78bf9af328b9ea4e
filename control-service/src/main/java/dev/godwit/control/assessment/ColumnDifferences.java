// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.control.assessment.CatalogTable.CatalogColumn;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What keeps a table's rows from going into its counterpart column by column. */
final class ColumnDifferences {
    /**
     * One of them.
     *
     * @param action of ALTER TABLE on the target that ends it; empty if its words need more than is
     *     known
     */
    private record Difference(String what, Optional<String> action) {}

    private final TableName target;
    private final List<Difference> found = new ArrayList<>();

    private ColumnDifferences(TableName target) {
        this.target = target;
    }

    /**
     * None when every source column has its place and nothing else of the target must be filled.
     */
    static ColumnDifferences between(CatalogTable source, CatalogTable target) {
        var differences = new ColumnDifferences(target.name());
        for (CatalogColumn column : source.columns()) {
            Optional<CatalogColumn> other = target.column(column.name());
            if (other.isPresent()) {
                differences.compare(column, other.get());
            } else if (!column.generated()) {
                differences.add(
                        "column %s (%s) is missing".formatted(column.name(), column.type()),
                        "ADD COLUMN %s %s".formatted(quoted(column), column.type()));
            }
        }
        for (CatalogColumn column : target.columns()) {
            if (column.required()
                    && !column.generated()
                    && source.column(column.name()).isEmpty()) {
                differences.add(
                        "column %s is not on the source, and is NOT NULL without a default"
                                .formatted(column.name()),
                        "ALTER COLUMN %s DROP NOT NULL".formatted(quoted(column)));
            }
        }
        return differences;
    }

    private void compare(CatalogColumn source, CatalogColumn target) {
        if (source.generated() && !target.generated()) {
            found.add(
                    new Difference(
                            "column %s is generated on the source only".formatted(source.name()),
                            Optional.empty()));
        } else if (target.generated() && !source.generated()) {
            add(
                    "column %s is generated on the target only".formatted(source.name()),
                    "ALTER COLUMN %s DROP EXPRESSION".formatted(quoted(source)));
        } else if (!source.type().equals(target.type())) {
            add(
                    "column %s is %s instead of %s"
                            .formatted(source.name(), target.type(), source.type()),
                    "ALTER COLUMN %s TYPE %s".formatted(quoted(source), source.type()));
        }
    }

    private void add(String what, String action) {
        found.add(new Difference(what, Optional.of(action)));
    }

    private static String quoted(CatalogColumn column) {
        return Identifiers.quote(column.name());
    }

    boolean isEmpty() {
        return found.isEmpty();
    }

    /** All of them in words. */
    String what() {
        return found.stream().map(Difference::what).collect(Collectors.joining("; "));
    }

    /** One statement that ends them all, if there is one. */
    String remedy() {
        return found.stream().anyMatch(difference -> difference.action().isEmpty())
                ? ErrorCode.TARGET_COLUMNS_DIFFER.remedy()
                : "On the target: ALTER TABLE %s %s;"
                        .formatted(
                                target.quoted(),
                                found.stream()
                                        .map(difference -> difference.action().orElseThrow())
                                        .collect(Collectors.joining(", ")));
    }
}
