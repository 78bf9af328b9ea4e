// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.postgres.WrittenName;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Finding;
import dev.godwit.schemas.FindingResult;
import dev.godwit.schemas.TableMapping;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What has changed in the schemas of both sides since a database migration began, so that a cutover
 * would leave rows behind: tables that the selection means and that do not travel, a partition that
 * was attached among them; tables that are gone; partitions of the target that the source has
 * otherwise; and whatever the checks of tables would refuse today. A change that rows have used
 * stops the sync by itself; this sees it before, too.
 *
 * @param tablePatterns what the operator selected
 * @param wanted what travels
 */
public record SchemaDifferences(
        ConnectionSettings source,
        ConnectionSettings target,
        List<String> tablePatterns,
        DatabaseMigration wanted,
        String applicationName) {
    private static final String PUBLISHED =
            """
            SELECT n.nspname, c.relname FROM pg_catalog.pg_publication p
              JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid
              JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE p.pubname = ?
            """;

    /**
     * Each with the statement that ends it, where there is one; none as a rule.
     *
     * @throws MigrationException if a side cannot be asked
     */
    public List<Finding> look() {
        try (Connection from = source.open(applicationName);
                Connection to = target.open(applicationName)) {
            return differences(Databases.Side.read(source, from), Databases.Side.read(target, to));
        } catch (SQLException e) {
            throw new MigrationException(
                    SqlStates.connecting(e),
                    "the schemas could not be looked at: " + e.getMessage(),
                    e);
        }
    }

    /**
     * Refuses to go on while there are any.
     *
     * @throws MigrationException SCHEMA_CHANGED with the first
     */
    public void require() {
        List<Finding> differences = look();
        if (!differences.isEmpty()) {
            Finding first = differences.getFirst();
            String more =
                    differences.size() == 1
                            ? ""
                            : " (and %d more)".formatted(differences.size() - 1);
            throw new MigrationException(
                    ErrorCode.SCHEMA_CHANGED, first.getWhat() + more, first.getRemedy(), null);
        }
    }

    private List<Finding> differences(Databases.Side from, Databases.Side to) throws SQLException {
        var book = new TableRuleBook(wanted.getRules());
        List<TableMapping> selected =
                TableSelection.meanwhile(
                                tablePatterns,
                                wanted.getAdded().stream()
                                        .map(TableName::of)
                                        .collect(Collectors.toSet()),
                                wanted.getTables(),
                                book,
                                from.catalog(),
                                to.catalog())
                        .tables();
        var differences = new ArrayList<CheckFinding>();
        Map<TableName, TableMapping> ways = new HashMap<>();
        wanted.getTables().forEach(table -> ways.put(TableName.of(table.getSource()), table));
        Set<TableName> travelling = sources(wanted.getTables());
        Set<TableName> there = new HashSet<>(sources(selected));
        there.retainAll(travelling);
        List<TableName> lost = travelling.stream().filter(name -> !there.contains(name)).toList();
        Set<TableName> published = lost.isEmpty() ? Set.of() : published(from.connection());
        for (TableMapping table : selected) {
            TableName name = TableName.of(table.getSource());
            TableMapping way = ways.get(name);
            if (way == null) {
                differences.add(published.contains(name) ? renamed(name, lost) : appeared(table));
            } else if (!way.getTarget().equals(table.getTarget())) {
                differences.add(moved(way, table));
            }
        }
        for (TableName gone : lost) {
            differences.add(disappeared(gone, Objects.requireNonNull(ways.get(gone)), from, to));
        }
        List<TableMapping> lasting =
                wanted.getTables().stream()
                        .filter(table -> there.contains(TableName.of(table.getSource())))
                        .toList();
        var databases = new Databases(from, to, lasting, book, 0);
        for (Check check : TableChecks.ofSchemas()) {
            differences.addAll(check.run(databases));
        }
        // What still travels is no surplus, though its source is gone.
        differences.addAll(
                PartitionChecks.run(new Databases(from, to, wanted.getTables(), book, 0)));
        return differences.stream()
                .filter(finding -> finding.result() == FindingResult.FAILED)
                .map(CheckFinding::toAvro)
                .toList();
    }

    private static Set<TableName> sources(List<TableMapping> tables) {
        return tables.stream()
                .map(table -> TableName.of(table.getSource()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** What the source publishes for this migration, whatever it is called now. */
    private Set<TableName> published(Connection from) throws SQLException {
        var names = new HashSet<TableName>();
        try (PreparedStatement query = from.prepareStatement(PUBLISHED)) {
            query.setString(1, "godwit_" + wanted.getId());
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    names.add(new TableName(row.getString(1), row.getString(2)));
                }
            }
        }
        return names;
    }

    /**
     * Its rows go where they went before; unless it is one that was let go, which the publication
     * still names.
     */
    private static CheckFinding renamed(TableName name, List<TableName> lost) {
        TableName first = lost.getFirst();
        boolean known = lost.size() == 1 && first.schema().equals(name.schema());
        return CheckFinding.failed(
                "source.lost-tables",
                ErrorCode.SCHEMA_CHANGED,
                "table %s of the source seems to be %s under another name"
                        .formatted(
                                name,
                                lost.stream()
                                        .map(TableName::toString)
                                        .collect(Collectors.joining(" or "))),
                "Give it its name back on the source: ALTER TABLE %s %s; If it is another one: %s."
                        .formatted(
                                name.quoted(),
                                known
                                        ? "RENAME TO " + Identifiers.quote(first.name())
                                        : "RENAME TO ..., SET SCHEMA ...",
                                reload(name)));
    }

    private static CheckFinding appeared(TableMapping table) {
        TableName name = TableName.of(table.getSource());
        String what =
                table.getRoot() == null
                        ? "table %s of the source is new: its rows do not travel".formatted(name)
                        : "partition %s of source table %s is new: its rows do not travel"
                                .formatted(name, TableName.of(table.getRoot()));
        return CheckFinding.failed(
                "source.new-tables",
                ErrorCode.SCHEMA_CHANGED,
                what,
                "Create table %s on the target if it is not there yet; then %s. Or on the source, if nothing needs it: DROP TABLE %s;"
                        .formatted(TableName.of(table.getTarget()), reload(name), name.quoted()));
    }

    /** An attached table, or a detached partition. */
    private static CheckFinding moved(TableMapping way, TableMapping now) {
        TableName name = TableName.of(now.getSource());
        TableName former = TableName.of(way.getTarget());
        String left =
                way.getRoot() == null
                        ? " Table %s of the target stays as it is: drop it once it is not needed."
                                .formatted(former)
                        : "";
        return CheckFinding.failed(
                "source.new-tables",
                ErrorCode.SCHEMA_CHANGED,
                "table %s of the source was attached or detached: its rows belong in table %s of the target, and travel to %s"
                        .formatted(name, TableName.of(now.getTarget()), former),
                "Create table %s on the target if it is not there yet; then %s.%s"
                        .formatted(TableName.of(now.getTarget()), reload(name), left));
    }

    private CheckFinding disappeared(
            TableName name, TableMapping way, Databases.Side from, Databases.Side to) {
        long others =
                wanted.getTables().stream()
                        .filter(table -> table.getTarget().equals(way.getTarget()))
                        .count();
        boolean alone = others == 1 || way.getRoot() == null;
        String letGo = reload(alone ? name : TableName.of(way.getRoot()));
        String left = alone ? left(to, TableName.of(way.getTarget())) : "";
        return from.catalog().containsKey(name)
                ? CheckFinding.failed(
                        "source.lost-tables",
                        ErrorCode.SCHEMA_CHANGED,
                        "table %s of the source was detached, and the selection does not mean it by its own name"
                                .formatted(name),
                        "To let it go: %s%s. To keep it: the same of its own name with --add (\"add\": true)."
                                .formatted(letGo, left))
                : CheckFinding.failed(
                        "source.lost-tables",
                        ErrorCode.SCHEMA_CHANGED,
                        "table %s of the source is gone, or has another name".formatted(name),
                        "If it was dropped for good: %s%s. Else give it its name back."
                                .formatted(letGo, left));
    }

    private static String left(Databases.Side to, TableName target) {
        CatalogTable table = to.catalog().get(target);
        return table != null && table.partition()
                ? "; then on the target: ALTER TABLE %s DETACH PARTITION %s (drop it after the cutover)"
                        .formatted(table.ancestors().getFirst().quoted(), target.quoted())
                : "; its rows stay on the target until you drop %s there, after the cutover"
                        .formatted(target.quoted());
    }

    /** The call that has a table loaded. */
    static String reload(TableName name) {
        return "godwit reload %s (POST .../reload)".formatted(WrittenName.shellWord(name));
    }
}
