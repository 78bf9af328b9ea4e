// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.control.assessment.CatalogTable.CatalogColumn;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.TableRule;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Whether the operator's mappings say what can be done, and only that. */
final class MappingChecks {
    private static final String ID = "mapping";
    private static final String COLUMNS_ID = "mapping.columns";
    private static final int NAMED_MOST = 5;

    private static final String REFERENCES =
            """
            SELECT k.conname, cn.nspname, c.relname, pn.nspname, p.relname
              FROM pg_catalog.pg_constraint k
              JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
              JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
              JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
              JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
             WHERE k.contype = 'f' AND NOT c.relispartition
               AND (pn.nspname, p.relname) IN (SELECT * FROM unnest(?::text[], ?::text[]))
             ORDER BY 2, 3, 1
            """;

    private MappingChecks() {}

    static List<Check> all() {
        return List.of(
                MappingChecks::rules,
                MappingChecks::targets,
                MappingChecks::columns,
                MappingChecks::references);
    }

    private static List<CheckFinding> rules(Databases databases) {
        List<TableRule> unused =
                databases
                        .rules()
                        .unused(databases.tables().stream().map(databases::sourceTable).toList());
        return unused.stream()
                .map(rule ->
                        CheckFinding.failed(
                                ID,
                                ErrorCode.MAPPING_INVALID,
                                "the mapping of %s is about no selected table of source database %s"
                                        .formatted(
                                                TableRuleBook.text(rule),
                                                databases.source().database())))
                .toList();
    }

    /** Each target table has one source, and no two loads write the same rows. */
    static List<CheckFinding> targets(Databases databases) {
        var byTarget = new TreeMap<TableName, List<TableMapping>>();
        databases
                .tables()
                .forEach(mapping ->
                        byTarget.computeIfAbsent(
                                        TableName.of(mapping.getTarget()),
                                        none -> new ArrayList<>())
                                .add(mapping));
        var findings = new ArrayList<CheckFinding>();
        byTarget.forEach((target, mappings) -> {
            if (mappings.size() > 1 && !ofOneRoot(mappings)) {
                findings.add(
                        CheckFinding.failed(
                                ID,
                                ErrorCode.MAPPING_INVALID,
                                "source tables %s all go to target table %s"
                                        .formatted(
                                                mappings.stream()
                                                        .limit(NAMED_MOST)
                                                        .map(mapping ->
                                                                TableName.of(mapping.getSource())
                                                                        .toString())
                                                        .collect(Collectors.joining(", ")),
                                                target)));
            }
            columnsDiffer(databases, target, mappings).ifPresent(findings::add);
            Optional.ofNullable(databases.target().catalog().get(target))
                    .flatMap(table ->
                            table.ancestors().stream().filter(byTarget::containsKey).findFirst())
                    .ifPresent(above ->
                            findings.add(
                                    CheckFinding.failed(
                                            ID,
                                            ErrorCode.MAPPING_INVALID,
                                            "target table %s is a partition of target table %s, and each would take rows of its own"
                                                    .formatted(target, above))));
        });
        return findings;
    }

    /** The comparison reads the same columns of all that go to one table. */
    private static Optional<CheckFinding> columnsDiffer(
            Databases databases, TableName target, List<TableMapping> mappings) {
        List<TableMapping> known =
                mappings.stream()
                        .filter(mapping -> !columns(databases, mapping).isEmpty())
                        .toList();
        if (known.isEmpty()) {
            return Optional.empty();
        }
        TableMapping one = known.getFirst();
        return known.stream()
                .filter(mapping -> !columns(databases, mapping).equals(columns(databases, one)))
                .findFirst()
                .map(other ->
                        CheckFinding.failed(
                                COLUMNS_ID,
                                ErrorCode.MAPPING_INVALID,
                                "partitions %s and %s go to target table %s with different columns"
                                        .formatted(
                                                TableName.of(one.getSource()),
                                                TableName.of(other.getSource()),
                                                target),
                                "Give the columns to the partitioned table, not to single partitions."));
    }

    /** Those that travel; of a table that is gone, those that are listed, if any are. */
    private static Set<String> columns(Databases databases, TableMapping mapping) {
        CatalogTable table = databases.source().catalog().get(TableName.of(mapping.getSource()));
        return mapping.getColumns().isEmpty() && table != null
                ? table.columns().stream()
                        .filter(column -> !column.generated())
                        .map(CatalogColumn::name)
                        .collect(Collectors.toSet())
                : Set.copyOf(mapping.getColumns());
    }

    private static boolean ofOneRoot(List<TableMapping> mappings) {
        return mappings.getFirst().getRoot() != null
                && mappings.stream()
                        .allMatch(
                                mapping -> mappings.getFirst().getRoot().equals(mapping.getRoot()));
    }

    static List<CheckFinding> columns(Databases databases) throws SQLException {
        List<TableMapping> listed =
                databases.tables().stream()
                        .filter(mapping -> !mapping.getColumns().isEmpty())
                        .toList();
        if (listed.isEmpty()) {
            return List.of();
        }
        Databases.Side source = databases.source();
        Map<TableName, RowIdentity> identities =
                RowIdentity.read(
                        source.connection(),
                        source.version(),
                        listed.stream().map(mapping -> TableName.of(mapping.getSource())).toList());
        var findings = new ArrayList<CheckFinding>();
        for (TableMapping mapping : listed) {
            List<String> problems =
                    problems(
                            databases.sourceTable(mapping),
                            mapping.getColumns(),
                            Optional.ofNullable(identities.get(TableName.of(mapping.getSource()))));
            if (!problems.isEmpty()) {
                findings.add(
                        CheckFinding.failed(
                                COLUMNS_ID,
                                ErrorCode.MAPPING_INVALID,
                                "the column list of source table %s: %s"
                                        .formatted(
                                                TableName.of(mapping.getSource()),
                                                String.join("; ", problems))));
            }
        }
        return findings.isEmpty()
                ? List.of(
                        CheckFinding.passed(
                                COLUMNS_ID,
                                ErrorCode.MAPPING_INVALID,
                                "%d tables".formatted(listed.size())))
                : findings;
    }

    /** What refers to a filtered table may refer to a row that does not travel. */
    private static List<CheckFinding> references(Databases databases) throws SQLException {
        List<TableName> filtered =
                databases.tables().stream()
                        .filter(mapping -> mapping.getFilter() != null)
                        .map(mapping -> TableName.of(mapping.getTarget()))
                        .distinct()
                        .toList();
        var findings = new ArrayList<CheckFinding>();
        if (filtered.isEmpty()) {
            return findings;
        }
        Connection target = databases.target().connection();
        try (PreparedStatement query = target.prepareStatement(REFERENCES)) {
            query.setArray(
                    1,
                    target.createArrayOf(
                            "text", filtered.stream().map(TableName::schema).toArray()));
            query.setArray(
                    2,
                    target.createArrayOf("text", filtered.stream().map(TableName::name).toArray()));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    var referring = new TableName(row.getString(2), row.getString(3));
                    String constraint = row.getString(1);
                    findings.add(
                            CheckFinding.warning(
                                    "target.references",
                                    ErrorCode.RESTORE_FAILED,
                                    "foreign key %s of target table %s refers to table %s, of which not all rows travel: the cutover stops if it is violated then"
                                            .formatted(
                                                    constraint,
                                                    referring,
                                                    new TableName(
                                                            row.getString(4), row.getString(5))),
                                    "Filter the referring table alike, or on the target: ALTER TABLE %s DROP CONSTRAINT %s;"
                                            .formatted(
                                                    referring.quoted(),
                                                    Identifiers.quote(constraint))));
                }
            }
        }
        return findings;
    }

    private static List<String> problems(
            CatalogTable table, List<String> listed, Optional<RowIdentity> identity) {
        var problems = new ArrayList<String>();
        for (String name : listed) {
            Optional<CatalogColumn> column = table.column(name);
            if (column.isEmpty()) {
                problems.add("column %s does not exist".formatted(name));
            } else if (column.get().generated()) {
                problems.add(
                        "column %s is generated, and never carried: the target's own is"
                                .formatted(name));
            }
        }
        if (identity.isPresent() && !identity.get().full()) {
            var missing = new TreeSet<>(identity.get().columns());
            listed.forEach(missing::remove);
            if (!missing.isEmpty()) {
                problems.add(
                        "column %s of its replica identity is missing: updates and deletes would not find their rows"
                                .formatted(String.join(", ", missing)));
            }
        }
        return problems;
    }
}
