// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.FindingResult;
import dev.godwit.schemas.TableMapping;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is to travel when an operator wants tables loaded anew: those of the named that do not
 * travel yet join, and what a target table's rows come from is looked up again, so that partitions
 * come and go with it; one that is gone from the source, or that the selection means no more,
 * travels no longer. The same checks as at the start judge what is new.
 *
 * @param tablePatterns what the operator selected at the start
 * @param wanted what travels now
 * @param named source tables; a partitioned one means its partitions, pg_catalog.pg_largeobject the
 *     large objects
 * @param add whether tables that the selection does not mean may be among them
 */
public record Reselection(
        ConnectionSettings source,
        ConnectionSettings target,
        List<String> tablePatterns,
        DatabaseMigration wanted,
        Set<TableName> named,
        boolean add,
        String applicationName) {
    public Reselection {
        tablePatterns = List.copyOf(tablePatterns);
        named = new LinkedHashSet<>(named);
    }

    /**
     * The database migration with one more wish.
     *
     * @throws MigrationException REQUEST_INVALID for a table that does not exist or is not
     *     selected, the code of the first check that fails, or why a side cannot be asked
     */
    public DatabaseMigration run() {
        try (Connection from = source.open(applicationName);
                Connection to = target.open(applicationName)) {
            return run(Databases.Side.read(source, from), Databases.Side.read(target, to));
        } catch (SQLException e) {
            throw new MigrationException(
                    SqlStates.connecting(e),
                    "the tables could not be looked at: " + e.getMessage(),
                    e);
        }
    }

    private DatabaseMigration run(Databases.Side from, Databases.Side to) throws SQLException {
        var book = new TableRuleBook(wanted.getRules());
        Set<TableName> added =
                wanted.getAdded().stream()
                        .map(TableName::of)
                        .collect(Collectors.toCollection(LinkedHashSet::new));
        Set<TableName> tablesNamed = new LinkedHashSet<>(named);
        boolean largeObjects = tablesNamed.remove(LargeObjects.NAME);
        if (largeObjects && !wanted.getLargeObjects()) {
            requireLargeObjects(new Databases(from, to, List.of(), book, 0));
        }
        List<TableMapping> meant = selection(from, to, book, added);
        if (add) {
            for (TableName name : tablesNamed) {
                if (meant.stream().noneMatch(table -> means(name, table, from.catalog()))) {
                    added.add(name);
                }
            }
            meant = selection(from, to, book, added);
        }
        Set<TableName> anew = targets(tablesNamed, meant, from);
        List<TableMapping> loaded =
                loaded(
                        meant.stream()
                                .filter(table -> anew.contains(TableName.of(table.getTarget())))
                                .toList(),
                        from,
                        to,
                        book);
        var tables = new ArrayList<TableMapping>();
        for (TableMapping table : wanted.getTables()) {
            if (!anew.contains(TableName.of(table.getTarget()))) {
                tables.add(table);
            }
        }
        tables.addAll(loaded);
        require(MappingChecks.targets(new Databases(from, to, tables, book, 0)));
        int wish = wanted.getWishes() + 1;
        return DatabaseMigration.newBuilder(wanted)
                .setTables(tables)
                .setAdded(added.stream().map(TableName::toAvro).toList())
                .setLargeObjects(wanted.getLargeObjects() || largeObjects)
                .setLargeObjectsWish(largeObjects ? wish : wanted.getLargeObjectsWish())
                .setWishes(wish)
                .build();
    }

    /** They did not travel until now: the checks of the start judge them. */
    private void requireLargeObjects(Databases databases) throws SQLException {
        LargeObjectChecks checks = LargeObjectChecks.of(databases, add ? List.of() : tablePatterns);
        require(checks.findings());
        if (!checks.carried()) {
            throw new MigrationException(
                    ErrorCode.REQUEST_INVALID, checks.findings().getFirst().what());
        }
    }

    private List<TableMapping> selection(
            Databases.Side from, Databases.Side to, TableRuleBook book, Set<TableName> added) {
        return TableSelection.meanwhile(
                        tablePatterns,
                        added,
                        wanted.getTables(),
                        book,
                        from.catalog(),
                        to.catalog())
                .tables();
    }

    /** The target tables whose rows are read anew. */
    private Set<TableName> targets(
            Set<TableName> tablesNamed, List<TableMapping> meant, Databases.Side from) {
        var anew = new LinkedHashSet<TableName>();
        for (TableName name : tablesNamed) {
            List<TableMapping> chosen =
                    meant.stream().filter(table -> means(name, table, from.catalog())).toList();
            Set<TableName> of = new LinkedHashSet<>();
            chosen.forEach(table -> of.add(TableName.of(table.getTarget())));
            // A table that is gone, or is no partition any more, has left its rows behind.
            wanted.getTables().stream()
                    .filter(table -> isOf(name, table))
                    .forEach(table -> of.add(TableName.of(table.getTarget())));
            boolean there =
                    meant.stream().anyMatch(table -> of.contains(TableName.of(table.getTarget())));
            boolean leaves = chosen.isEmpty() && !of.isEmpty();
            if (!there && !leaves) {
                throw unknown(name, from);
            }
            anew.addAll(of);
        }
        // What moves from one target table to another leaves the one.
        Map<TableName, TableName> before = new HashMap<>();
        wanted.getTables()
                .forEach(table ->
                        before.put(
                                TableName.of(table.getSource()), TableName.of(table.getTarget())));
        for (TableMapping table : meant) {
            TableName former = before.get(TableName.of(table.getSource()));
            if (former != null && anew.contains(TableName.of(table.getTarget()))) {
                anew.add(former);
            }
        }
        return anew;
    }

    private static boolean isOf(TableName name, TableMapping table) {
        return TableName.of(table.getSource()).equals(name)
                || (table.getRoot() != null && TableName.of(table.getRoot()).equals(name));
    }

    private static boolean means(
            TableName name, TableMapping table, Map<TableName, CatalogTable> source) {
        TableName own = TableName.of(table.getSource());
        return own.equals(name)
                || Optional.ofNullable(source.get(own))
                        .filter(known -> known.ancestors().contains(name))
                        .isPresent();
    }

    private MigrationException unknown(TableName name, Databases.Side from) {
        if (!from.catalog().containsKey(name)) {
            return new MigrationException(
                    ErrorCode.REQUEST_INVALID,
                    "source database %s has no table %s".formatted(from.database(), name));
        }
        return new MigrationException(
                ErrorCode.REQUEST_INVALID,
                "source table %s is not selected by this migration".formatted(name),
                "To take it in nevertheless, send add = true (on the command line: --add).",
                null);
    }

    /** As they will travel, if all checks pass. */
    private List<TableMapping> loaded(
            List<TableMapping> anew, Databases.Side from, Databases.Side to, TableRuleBook book)
            throws SQLException {
        Map<TableName, TableMapping> travelling = new HashMap<>();
        var filled = new LinkedHashSet<TableName>();
        for (TableMapping table : wanted.getTables()) {
            travelling.put(TableName.of(table.getSource()), table);
            filled.add(TableName.of(table.getTarget()));
        }
        var joining = new ArrayList<TableMapping>();
        var staying = new ArrayList<TableMapping>();
        for (TableMapping table : anew) {
            TableMapping known = travelling.get(TableName.of(table.getSource()));
            if (known == null) {
                joining.add(table);
            } else {
                // The publication holds its filter as it was judged then.
                staying.add(
                        TableMapping.newBuilder(table)
                                .setFilter(known.getFilter())
                                .setColumns(known.getColumns())
                                .build());
            }
        }
        var databases = new Databases(from, to, joining, book, 0);
        RowFilters filters = RowFilters.judge(databases);
        var all = new ArrayList<>(staying);
        all.addAll(filters.tables());
        all.sort(Comparator.comparing(table -> TableName.of(table.getSource())));
        var findings = new ArrayList<CheckFinding>();
        for (Check check : TableChecks.ofSchemas()) {
            findings.addAll(check.run(new Databases(from, to, all, book, 0)));
        }
        findings.addAll(MappingChecks.columns(databases));
        findings.addAll(filters.findings());
        findings.addAll(
                TableChecks.empty(
                        new Databases(
                                from,
                                to,
                                all.stream()
                                        .filter(table ->
                                                !filled.contains(TableName.of(table.getTarget())))
                                        .toList(),
                                book,
                                0)));
        require(findings);
        int wish = wanted.getWishes() + 1;
        return all.stream()
                .map(table -> TableMapping.newBuilder(table).setWish(wish).build())
                .toList();
    }

    private static void require(List<CheckFinding> findings) {
        for (CheckFinding finding : findings) {
            if (finding.result() == FindingResult.FAILED) {
                throw new MigrationException(
                        finding.code(), finding.what(), finding.remedy(), null);
            }
        }
    }
}
