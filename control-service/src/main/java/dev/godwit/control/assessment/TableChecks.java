// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.FindingResult;
import dev.godwit.schemas.TableMapping;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/** What each selected table and its counterpart must be like. */
final class TableChecks {
    private static final int UNPUBLISHED_GENERATED = 18;

    /** PostgreSQL's own types whose input functions take no text. */
    private static final Set<String> NEVER_READ =
            Set.of(
                    "pg_node_tree",
                    "pg_ndistinct",
                    "pg_dependencies",
                    "pg_mcv_list",
                    "pg_brin_bloom_summary",
                    "pg_brin_minmax_multi_summary",
                    "gtsvector");

    private TableChecks() {}

    static List<Check> all() {
        return Stream.concat(
                        ofSchemas().stream(), Stream.of(TableChecks::empty, PartitionChecks::run))
                .toList();
    }

    /** Those that hold while the tables travel, too. */
    static List<Check> ofSchemas() {
        return List.of(
                onSource("source.table-keys", ErrorCode.TABLE_WITHOUT_KEY, TableChecks::key),
                onSource(
                        "source.generated-identity",
                        ErrorCode.GENERATED_COLUMN_IDENTITY,
                        TableChecks::generatedIdentity),
                onSource("source.types", ErrorCode.TYPE_NOT_CARRIED, TableChecks::types),
                onSource(
                        "source.logged-tables",
                        ErrorCode.UNLOGGED_SOURCE,
                        TableChecks::unloggedSource),
                onSource(
                        "source.table-rights",
                        ErrorCode.PERMISSION_DENIED,
                        TableChecks::sourceRights),
                onPairs("target.tables", ErrorCode.TARGET_TABLE_MISSING, TableChecks::missing),
                onPairs("target.columns", ErrorCode.TARGET_COLUMNS_DIFFER, TableChecks::columns),
                onPairs(
                        "target.logged-tables",
                        ErrorCode.UNLOGGED_TARGET,
                        TableChecks::unloggedTarget),
                onPairs(
                        "target.table-rights",
                        ErrorCode.PERMISSION_DENIED,
                        TableChecks::targetRights),
                TableChecks::keyAcrossPartitions);
    }

    /** What is wrong with a table, in words, and the statement that mends it. */
    private record Problem(FindingResult result, ErrorCode code, String what, String remedy) {
        static Problem failed(ErrorCode code, String what, String remedy) {
            return new Problem(FindingResult.FAILED, code, what, remedy);
        }
    }

    private interface PairQuestion {
        Optional<Problem> ask(
                Databases databases,
                CatalogTable source,
                TableName targetName,
                Optional<CatalogTable> target);
    }

    private interface SourceQuestion {
        Optional<Problem> ask(Databases databases, CatalogTable source);
    }

    private static Check onSource(String id, ErrorCode code, SourceQuestion question) {
        return databases ->
                collected(
                        id,
                        code,
                        databases.tables(),
                        mapping -> question.ask(databases, sourceOf(databases, mapping)));
    }

    private static Check onPairs(String id, ErrorCode code, PairQuestion question) {
        return databases ->
                collected(
                        id,
                        code,
                        databases.tables(),
                        mapping -> {
                            TableName target = TableName.of(mapping.getTarget());
                            return question.ask(
                                    databases,
                                    sourceOf(databases, mapping),
                                    target,
                                    Optional.ofNullable(databases.target().catalog().get(target)));
                        });
    }

    /** What travels of it, in the target's schemas. */
    private static CatalogTable sourceOf(Databases databases, TableMapping mapping) {
        return databases
                .sourceTable(mapping)
                .carrying(mapping.getColumns(), databases.renamedSchemas());
    }

    private static List<CheckFinding> collected(
            String id,
            ErrorCode code,
            List<TableMapping> tables,
            Function<TableMapping, Optional<Problem>> question) {
        List<CheckFinding> findings =
                tables.stream()
                        .map(question)
                        .flatMap(Optional::stream)
                        .distinct()
                        .map(problem ->
                                new CheckFinding(
                                        id,
                                        problem.result(),
                                        problem.code(),
                                        problem.what(),
                                        problem.remedy()))
                        .toList();
        return findings.isEmpty()
                ? List.of(CheckFinding.passed(id, code, "%d tables".formatted(tables.size())))
                : findings;
    }

    private static Optional<Problem> types(Databases databases, CatalogTable table) {
        return table.columns().stream()
                .filter(column -> !column.generated())
                .filter(column -> NEVER_READ.contains(column.type().replace("[]", "")))
                .findFirst()
                .map(column ->
                        Problem.failed(
                                ErrorCode.TYPE_NOT_CARRIED,
                                "column %s of source table %s is of type %s, of which PostgreSQL writes values but reads none"
                                        .formatted(column.name(), table.name(), column.type()),
                                "On the source and on the target: ALTER TABLE %s ALTER %s TYPE text; or leave the table out: --tables '!%s'"
                                        .formatted(
                                                table.name().quoted(),
                                                Identifiers.quote(column.name()),
                                                table.name())));
    }

    private static Optional<Problem> key(Databases databases, CatalogTable table) {
        if (table.keyed()) {
            return Optional.empty();
        }
        String why =
                switch (table.identity()) {
                    case 'n' ->
                            "source table %s has REPLICA IDENTITY NOTHING".formatted(table.name());
                    case 'i' ->
                            "the index that is the replica identity of source table %s is gone or invalid"
                                    .formatted(table.name());
                    default ->
                            "source table %s has no primary key, or only a deferrable one"
                                    .formatted(table.name());
                };
        return Optional.of(
                Problem.failed(
                        ErrorCode.TABLE_WITHOUT_KEY,
                        why
                                + ": once it is published, the source would refuse the application's updates and deletes",
                        "On the source: add a primary key, or ALTER TABLE %s REPLICA IDENTITY FULL; (updates and deletes then cost a search per row); or leave the table out: --tables '!%s'"
                                .formatted(table.name().quoted(), table.name())));
    }

    private static Optional<Problem> generatedIdentity(Databases databases, CatalogTable table) {
        boolean refused = databases.source().version().atLeast(UNPUBLISHED_GENERATED);
        boolean whole = !refused && table.identity() == 'f';
        if (!table.identityHoldsGenerated() || whole) {
            return Optional.empty();
        }
        return Optional.of(
                Problem.failed(
                        ErrorCode.GENERATED_COLUMN_IDENTITY,
                        "the replica identity of source table %s holds a generated column: PostgreSQL %s %s once it is published"
                                .formatted(
                                        table.name(),
                                        databases.source().version(),
                                        refused
                                                ? "would refuse the application's updates"
                                                : "would not say which rows its updates and deletes mean"),
                        "On the source: give %s a primary key without generated columns; then ALTER TABLE %1$s REPLICA IDENTITY DEFAULT;"
                                .formatted(table.name().quoted())));
    }

    private static Optional<Problem> unloggedSource(Databases databases, CatalogTable table) {
        return table.unlogged()
                ? Optional.of(
                        Problem.failed(
                                ErrorCode.UNLOGGED_SOURCE,
                                "source table %s is unlogged: its changes are not in the WAL"
                                        .formatted(table.name()),
                                "On the source: ALTER TABLE %s SET LOGGED; or leave the table out: --tables '!%s'"
                                        .formatted(table.name().quoted(), table.name())))
                : Optional.empty();
    }

    private static Optional<Problem> sourceRights(Databases databases, CatalogTable table) {
        String user = Identifiers.quote(databases.source().user());
        if (!table.readable()) {
            return Optional.of(
                    Problem.failed(
                            ErrorCode.PERMISSION_DENIED,
                            "user %s may not read source table %s"
                                    .formatted(databases.source().user(), table.name()),
                            "On the source: GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON %s TO %2$s;"
                                    .formatted(
                                            Identifiers.quote(table.name().schema()),
                                            user,
                                            table.name().quoted())));
        }
        if (table.filtered()) {
            return Optional.of(
                    Problem.failed(
                            ErrorCode.PERMISSION_DENIED,
                            "row security would hide rows of source table %s from user %s"
                                    .formatted(table.name(), databases.source().user()),
                            "On the source: ALTER ROLE %s BYPASSRLS;".formatted(user)));
        }
        if (!table.owned()) {
            return Optional.of(
                    Problem.failed(
                            ErrorCode.PERMISSION_DENIED,
                            "source table %s belongs to %s: only a member of its owner may publish it"
                                    .formatted(table.name(), table.owner()),
                            "On the source: GRANT %s TO %s;"
                                    .formatted(Identifiers.quote(table.owner()), user)));
        }
        return Optional.empty();
    }

    private static Optional<Problem> missing(
            Databases databases,
            CatalogTable source,
            TableName name,
            Optional<CatalogTable> target) {
        return target.isPresent()
                ? Optional.empty()
                : Optional.of(
                        Problem.failed(
                                ErrorCode.TARGET_TABLE_MISSING,
                                "table %s does not exist in database %s of the target"
                                        .formatted(name, databases.target().database()),
                                ErrorCode.TARGET_TABLE_MISSING.remedy()));
    }

    /**
     * Two partitions may hold the same key; where the target has one table for both, it is not one.
     */
    private static List<CheckFinding> keyAcrossPartitions(Databases databases) throws SQLException {
        var targets = new HashSet<TableName>();
        var shared = new HashSet<TableName>();
        for (TableMapping mapping : databases.tables()) {
            TableName target = TableName.of(mapping.getTarget());
            if (!targets.add(target)) {
                shared.add(target);
            }
        }
        return onPairs(
                        "target.partitions",
                        ErrorCode.TABLE_WITHOUT_KEY,
                        (both, source, name, target) ->
                                !shared.contains(name) || source.keyedAcrossPartitions()
                                        ? Optional.empty()
                                        : Optional.of(keyOfPartition(source, name)))
                .run(databases);
    }

    private static Problem keyOfPartition(CatalogTable source, TableName name) {
        return Problem.failed(
                ErrorCode.TABLE_WITHOUT_KEY,
                "the key of source partition %s is its own: table %s of the target, which takes the rows of all partitions, may hold it twice"
                        .formatted(source.name(), name),
                "On the source: ALTER TABLE %s REPLICA IDENTITY FULL; (updates and deletes then cost a search per row); or on the target: give %s partitions of the same names"
                        .formatted(source.name().quoted(), name.quoted()));
    }

    private static Optional<Problem> columns(
            Databases databases,
            CatalogTable source,
            TableName name,
            Optional<CatalogTable> target) {
        return target.map(table -> ColumnDifferences.between(source, table))
                .filter(differences -> !differences.isEmpty())
                .map(differences ->
                        Problem.failed(
                                ErrorCode.TARGET_COLUMNS_DIFFER,
                                "target table %s differs from the source's: %s"
                                        .formatted(name, differences.what()),
                                differences.remedy()));
    }

    private static Optional<Problem> unloggedTarget(
            Databases databases,
            CatalogTable source,
            TableName name,
            Optional<CatalogTable> target) {
        return target.filter(table -> table.unlogged() && !source.unlogged())
                .map(table ->
                        Problem.failed(
                                ErrorCode.UNLOGGED_TARGET,
                                "target table %s is unlogged".formatted(name),
                                "On the target: ALTER TABLE %s SET LOGGED;"
                                        .formatted(name.quoted())));
    }

    private static Optional<Problem> targetRights(
            Databases databases,
            CatalogTable source,
            TableName name,
            Optional<CatalogTable> target) {
        String user = Identifiers.quote(databases.target().user());
        if (target.isEmpty()) {
            return Optional.empty();
        }
        CatalogTable table = target.get();
        if (!table.owned()) {
            return Optional.of(
                    Problem.failed(
                            ErrorCode.PERMISSION_DENIED,
                            "target table %s belongs to %s: only a member of its owner may take its indexes and triggers aside during the load"
                                    .formatted(name, table.owner()),
                            "On the target: GRANT %s TO %s;"
                                    .formatted(Identifiers.quote(table.owner()), user)));
        }
        if (!table.writable() || !table.readable()) {
            return Optional.of(
                    Problem.failed(
                            ErrorCode.PERMISSION_DENIED,
                            "user %s may not write target table %s"
                                    .formatted(databases.target().user(), name),
                            "On the target: GRANT USAGE ON SCHEMA %s TO %s; GRANT ALL ON %s TO %2$s;"
                                    .formatted(
                                            Identifiers.quote(name.schema()),
                                            user,
                                            name.quoted())));
        }
        if (table.filtered()) {
            return Optional.of(
                    Problem.failed(
                            ErrorCode.PERMISSION_DENIED,
                            "row security of target table %s applies to user %s"
                                    .formatted(name, databases.target().user()),
                            "On the target: ALTER ROLE %s BYPASSRLS;".formatted(user)));
        }
        return Optional.empty();
    }

    /** A target table that is filled for the first time. */
    static List<CheckFinding> empty(Databases databases) throws SQLException {
        var targets = new TreeSet<TableName>();
        databases.tables().forEach(mapping -> targets.add(TableName.of(mapping.getTarget())));
        var findings = new ArrayList<CheckFinding>();
        try (Statement statement = databases.target().connection().createStatement()) {
            for (TableName name : targets) {
                CatalogTable table = databases.target().catalog().get(name);
                if (table != null
                        && table.readable()
                        && !table.filtered()
                        && holdsRows(statement, table)) {
                    findings.add(
                            CheckFinding.failed(
                                    "target.empty",
                                    ErrorCode.TARGET_TABLE_NOT_EMPTY,
                                    "target table %s holds rows".formatted(name),
                                    "On the target, if the rows are not needed: TRUNCATE %s; or leave the table out: --tables '!%s'"
                                            .formatted(name.quoted(), name)));
                }
            }
        }
        return findings.isEmpty()
                ? List.of(
                        CheckFinding.passed(
                                "target.empty",
                                ErrorCode.TARGET_TABLE_NOT_EMPTY,
                                "%d tables".formatted(targets.size())))
                : findings;
    }

    static boolean holdsRows(Statement statement, CatalogTable table) throws SQLException {
        String from = (table.partitioned() ? "" : "ONLY ") + table.name().quoted();
        try (ResultSet row = statement.executeQuery("SELECT EXISTS (SELECT FROM " + from + ")")) {
            row.next();
            return row.getBoolean(1);
        }
    }
}
