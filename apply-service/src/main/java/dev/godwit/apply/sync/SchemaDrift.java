// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.sync.TargetTable.TargetColumn;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.postgres.TypeOids;
import dev.godwit.schemas.Column;
import dev.godwit.schemas.QualifiedName;
import dev.godwit.schemas.SchemaChange;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds where a table's new shape on the source no longer fits the target, and names the statements
 * that mend it. Types are compared only where the source has changed one: a target may have been
 * given another on purpose.
 */
final class SchemaDrift {
    private final TargetCatalog catalog;

    SchemaDrift(TargetCatalog catalog) {
        this.catalog = catalog;
    }

    private record Difference(String what, String statement) {}

    /**
     * Does nothing if changes of this shape can be applied.
     *
     * @param known the shape before, null for a table that is announced for the first time
     * @throws MigrationException SCHEMA_CHANGED with the differences and the statements
     */
    void check(SchemaChange announced, @Nullable SchemaChange known, TargetTable target)
            throws SQLException {
        List<Column> missing =
                announced.getColumns().stream()
                        .filter(column ->
                                target.indexOf(column.getName()) < 0
                                        && !target.generated().contains(column.getName()))
                        .toList();
        List<Column> dropped = known == null ? List.of() : dropped(announced, known, target);
        var differences = new ArrayList<Difference>();
        if (missing.size() == 1
                && dropped.size() == 1
                && missing.getFirst().getTypeOid() == dropped.getFirst().getTypeOid()) {
            differences.add(renamed(target, dropped.getFirst(), missing.getFirst()));
        } else {
            for (Column column : missing) {
                differences.add(missing(announced, target, column));
            }
            for (Column column : dropped) {
                differences.add(surplus(target, column));
            }
        }
        if (known != null) {
            differences.addAll(retyped(announced, known, target));
        }
        if (!differences.isEmpty()) {
            throw new MigrationException(
                    ErrorCode.SCHEMA_CHANGED,
                    "the table %s has changed on the source: %s"
                            .formatted(
                                    target.name(),
                                    String.join(
                                            "; ",
                                            differences.stream().map(Difference::what).toList())),
                    "Run on the target: %s; then retry."
                            .formatted(
                                    String.join(
                                            "; ",
                                            differences.stream()
                                                    .map(Difference::statement)
                                                    .toList())),
                    null);
        }
    }

    private static List<Column> dropped(
            SchemaChange announced, SchemaChange known, TargetTable target) {
        return known.getColumns().stream()
                .filter(column ->
                        find(announced, column.getName()).isEmpty()
                                && target.indexOf(column.getName()) >= 0)
                .toList();
    }

    private List<Difference> retyped(SchemaChange announced, SchemaChange known, TargetTable target)
            throws SQLException {
        var differences = new ArrayList<Difference>();
        for (Column column : announced.getColumns()) {
            int index = target.indexOf(column.getName());
            Optional<Column> before = find(known, column.getName());
            if (index < 0 || before.isEmpty() || sameType(column, before.get())) {
                continue;
            }
            TargetColumn now = target.columns().get(index);
            if (!fits(column, now)) {
                String type = type(announced, target, column);
                differences.add(
                        new Difference(
                                "column %s is now of type %s, on the target it is %s"
                                        .formatted(column.getName(), type, now.type()),
                                "ALTER TABLE %s ALTER COLUMN %s TYPE %s"
                                        .formatted(
                                                target.name().quoted(),
                                                Identifiers.quote(column.getName()),
                                                type)));
            }
        }
        return differences;
    }

    /** Types that the databases have made themselves are the same by name, in whatever schema. */
    private static boolean fits(Column column, TargetColumn target) {
        boolean same =
                TypeOids.isOwn(column.getTypeOid())
                        ? Optional.ofNullable(column.getOwnType())
                                .map(QualifiedName::getName)
                                .equals(target.ownType())
                        : column.getTypeOid() == target.typeOid();
        return same && column.getTypeModifier() == target.modifier();
    }

    private static boolean sameType(Column one, Column other) {
        return one.getTypeOid() == other.getTypeOid()
                && one.getTypeModifier() == other.getTypeModifier();
    }

    private Difference missing(SchemaChange announced, TargetTable target, Column column)
            throws SQLException {
        return new Difference(
                "column %s is missing on the target".formatted(column.getName()),
                "ALTER TABLE %s ADD COLUMN %s %s"
                        .formatted(
                                target.name().quoted(),
                                Identifiers.quote(column.getName()),
                                type(announced, target, column)));
    }

    private static Difference surplus(TargetTable target, Column column) {
        return new Difference(
                "column %s is gone".formatted(column.getName()),
                "ALTER TABLE %s DROP COLUMN %s"
                        .formatted(target.name().quoted(), Identifiers.quote(column.getName())));
    }

    private static Difference renamed(TargetTable target, Column from, Column to) {
        return new Difference(
                "column %s is gone and %s is missing on the target"
                        .formatted(from.getName(), to.getName()),
                "ALTER TABLE %s RENAME COLUMN %s TO %s"
                        .formatted(
                                target.name().quoted(),
                                Identifiers.quote(from.getName()),
                                Identifiers.quote(to.getName())));
    }

    private String type(SchemaChange announced, TargetTable target, Column column)
            throws SQLException {
        if (!TypeOids.isOwn(column.getTypeOid())) {
            return catalog.typeName(column.getTypeOid(), column.getTypeModifier());
        }
        QualifiedName name = column.getOwnType();
        if (name == null || name.getNamespace().equals("pg_catalog")) {
            return "<the domain that it has on the source>";
        }
        // A type beside its table has gone where the table has.
        boolean beside = name.getNamespace().equals(announced.getSource().getNamespace());
        String schema = beside ? target.name().schema() : name.getNamespace();
        return catalog.typeName(schema, name.getName(), column.getTypeModifier())
                .orElse(new TableName(schema, name.getName()).quoted());
    }

    private static Optional<Column> find(SchemaChange shape, String name) {
        return shape.getColumns().stream()
                .filter(column -> column.getName().equals(name))
                .findFirst();
    }
}
