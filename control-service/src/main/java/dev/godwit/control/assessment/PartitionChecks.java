// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whether what goes leaf by leaf lies below the same partitioned tables on both sides. Rows travel
 * and are compared leaf by leaf then, so nothing else would tell that the target's partitioned
 * table shows more rows than the source's, or fewer. A table that a rule sends elsewhere is the
 * operator's own affair, and so is a partition of the target that holds no rows.
 */
final class PartitionChecks {
    private static final String ID = "target.partition-trees";
    private static final ErrorCode CODE = ErrorCode.TARGET_PARTITIONS_DIFFER;

    private static final String BOUND =
            "SELECT pg_catalog.pg_get_expr(relpartbound, oid) FROM pg_catalog.pg_class WHERE oid = ?::pg_catalog.text::pg_catalog.regclass";

    private static final String TRIGGERS =
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = ?::pg_catalog.text::pg_catalog.regclass AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 1 = 1)::text";

    private final Databases databases;

    /** Of the target's catalog: partitioned tables that the source has under the same name. */
    private final Set<TableName> shared;

    /** Those of them that rows travel to, leaf by leaf. */
    private final Set<TableName> reached = new HashSet<>();

    private final List<CheckFinding> findings = new ArrayList<>();

    private PartitionChecks(Databases databases) {
        this.databases = databases;
        this.shared =
                databases.source().catalog().values().stream()
                        .filter(CatalogTable::partitioned)
                        .map(table -> databases.rules().inSchema(table.name()))
                        .filter(name ->
                                onTarget(name).filter(CatalogTable::partitioned).isPresent())
                        .collect(Collectors.toSet());
    }

    /** The tables' sources need not be there any more: then their targets are not judged yet. */
    static List<CheckFinding> run(Databases databases) throws SQLException {
        var checks = new PartitionChecks(databases);
        for (TableMapping mapping : databases.tables()) {
            checks.compare(mapping);
        }
        checks.extra();
        return checks.findings.isEmpty()
                ? List.of(
                        CheckFinding.passed(
                                ID, CODE, "%d tables".formatted(databases.tables().size())))
                : checks.findings.stream().distinct().toList();
    }

    private void compare(TableMapping mapping) throws SQLException {
        TableName target = TableName.of(mapping.getTarget());
        CatalogTable from = databases.source().catalog().get(TableName.of(mapping.getSource()));
        Optional<CatalogTable> to = onTarget(target);
        if (from == null
                || to.isEmpty()
                || !databases.rules().inSchema(from.name()).equals(target)) {
            return;
        }
        List<TableName> wanted = namesakes(from);
        wanted.stream().filter(shared::contains).forEach(reached::add);
        detach(to.get(), wanted);
        attach(from, to.get());
    }

    /** Below a partitioned table that is none of the source table's. */
    private void detach(CatalogTable to, List<TableName> wanted) {
        List<TableName> lineage = lineage(to);
        for (int above = 1; above < lineage.size(); above++) {
            TableName root = lineage.get(above);
            if (shared.contains(root) && !wanted.contains(root)) {
                TableName partition = lineage.get(above - 1);
                add(
                        "table %s of the target is a partition of %s, and on the source it is none"
                                .formatted(partition, root),
                        "On the target: " + detaching(partition, root));
                return;
            }
        }
    }

    /** Not below a partitioned table that is the source table's. */
    private void attach(CatalogTable from, CatalogTable to) throws SQLException {
        List<TableName> lineage = lineage(from);
        for (int above = 1; above < lineage.size(); above++) {
            TableName root = databases.rules().inSchema(lineage.get(above));
            if (shared.contains(root) && !to.ancestors().contains(root)) {
                TableName member = lineage.get(above - 1);
                TableName partition = databases.rules().inSchema(member);
                add(
                        "table %s of the source is a partition of %s, and on the target %s is none of %s"
                                .formatted(member, lineage.get(above), partition, root),
                        onTarget(partition).isPresent()
                                ? attaching(member, partition, root)
                                : CODE.remedy());
                return;
            }
        }
    }

    private String attaching(TableName member, TableName partition, TableName root)
            throws SQLException {
        Optional<String> bound = bound(member);
        if (bound.isEmpty()) {
            return CODE.remedy();
        }
        // The load takes them aside; those of a partition that is attached later would fire.
        String triggers =
                firesTriggers(root)
                        ? " Then, for the triggers that it gets: %s."
                                .formatted(SchemaDifferences.reload(member))
                        : "";
        return "On the target: ALTER TABLE %s ATTACH PARTITION %s %s;"
                        .formatted(root.quoted(), partition.quoted(), bound.get())
                + triggers;
    }

    /** Partitions of the target that nothing travels to, nor to a table above them. */
    private void extra() throws SQLException {
        Map<TableName, CatalogTable> sources = new HashMap<>();
        databases
                .source()
                .catalog()
                .values()
                .forEach(table -> sources.put(databases.rules().inSchema(table.name()), table));
        Set<TableName> filled =
                databases.tables().stream()
                        .map(mapping -> TableName.of(mapping.getTarget()))
                        .collect(Collectors.toSet());
        for (CatalogTable table : databases.target().catalog().values()) {
            if (table.partitioned() || lineage(table).stream().anyMatch(filled::contains)) {
                continue;
            }
            Optional<CatalogTable> from = Optional.ofNullable(sources.get(table.name()));
            List<TableName> wanted = from.map(this::namesakes).orElse(List.of());
            Optional<TableName> root =
                    table.ancestors().stream()
                            .filter(above -> reached.contains(above) && !wanted.contains(above))
                            .findFirst();
            if (root.isPresent() && mayHoldRows(table)) {
                String remedy =
                        "On the target: " + detaching(table.name(), table.ancestors().getFirst());
                add(
                        "partition %s of the target's table %s holds rows, and the source's table has no such partition"
                                .formatted(table.name(), root.get()),
                        // Changes of it may be on their way still.
                        from.isPresent()
                                ? remedy
                                : remedy + " Drop it after the cutover, if nobody needs its rows.");
            }
        }
    }

    /** What nobody lets us read counts as filled: whoever reads the partitioned table sees it. */
    private boolean mayHoldRows(CatalogTable table) throws SQLException {
        if (!table.readable() || table.filtered()) {
            return true;
        }
        try (Statement statement = databases.target().connection().createStatement()) {
            return TableChecks.holdsRows(statement, table);
        }
    }

    private Optional<String> bound(TableName partition) throws SQLException {
        return Optional.ofNullable(text(databases.source().connection(), BOUND, partition));
    }

    private boolean firesTriggers(TableName root) throws SQLException {
        return "true".equals(text(databases.target().connection(), TRIGGERS, root));
    }

    private static @Nullable String text(Connection connection, String sql, TableName table)
            throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(sql)) {
            query.setString(1, table.quoted());
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    private static String detaching(TableName partition, TableName from) {
        return "ALTER TABLE %s DETACH PARTITION %s;".formatted(from.quoted(), partition.quoted());
    }

    private void add(String what, String remedy) {
        findings.add(CheckFinding.failed(ID, CODE, what, remedy));
    }

    private Optional<CatalogTable> onTarget(TableName name) {
        return Optional.ofNullable(databases.target().catalog().get(name));
    }

    /** The partitioned tables above it, as they are called on the target. */
    private List<TableName> namesakes(CatalogTable from) {
        return from.ancestors().stream().map(databases.rules()::inSchema).toList();
    }

    /** The table, and what is above it, the root last. */
    private static List<TableName> lineage(CatalogTable table) {
        var lineage = new ArrayList<TableName>();
        lineage.add(table.name());
        lineage.addAll(table.ancestors());
        return lineage;
    }
}
