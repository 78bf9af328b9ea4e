// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.Finding;
import dev.godwit.schemas.FindingResult;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.TableRule;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The checks before a database migration starts. They leave both sides as they are, so they may be
 * asked again.
 *
 * @param tablePatterns what the operator selected; empty: every table
 * @param rules of tables that travel otherwise than as they are
 * @param slotsNeeded on the source server
 */
public record Assessment(
        ConnectionSettings source,
        ConnectionSettings target,
        List<String> tablePatterns,
        List<TableRule> rules,
        int slotsNeeded,
        String applicationName) {
    public Assessment {
        tablePatterns = List.copyOf(tablePatterns);
        rules = List.copyOf(rules);
    }

    /**
     * What the checks found.
     *
     * @param tables what will travel; meaningless when something failed
     * @param largeObjects whether the source's large objects travel, too
     * @param failure the first failed check's, empty when the migration may start
     */
    public record Outcome(
            List<Finding> findings,
            List<TableMapping> tables,
            boolean largeObjects,
            Optional<Failure> failure) {}

    /** What travels. */
    private record Selected(List<TableMapping> tables, boolean largeObjects) {
        static final Selected NOTHING = new Selected(List.of(), false);
    }

    /** Asks everything; a side that cannot be reached is a finding too. */
    public Outcome run() {
        var findings = new ArrayList<CheckFinding>();
        Selected selected = Selected.NOTHING;
        try (var from =
                        Opened.open(
                                source,
                                "source",
                                ErrorCode.SERVER_UNREACHABLE,
                                applicationName,
                                findings);
                var to =
                        Opened.open(
                                target,
                                "target",
                                ErrorCode.TARGET_UNREACHABLE,
                                applicationName,
                                findings)) {
            if (from.connection().isPresent() && to.connection().isPresent()) {
                selected = ask(from.connection().get(), to.connection().get(), findings);
            }
        } catch (SQLException e) {
            findings.add(CheckFinding.failed("checks", notAsked(e)));
        }
        return new Outcome(
                findings.stream().map(CheckFinding::toAvro).toList(),
                selected.tables(),
                selected.largeObjects(),
                failure(findings));
    }

    private Selected ask(Connection from, Connection to, List<CheckFinding> findings)
            throws SQLException {
        List<CheckFinding> versions =
                ServerChecks.versions(
                        ConnectionSettings.version(from), ConnectionSettings.version(to));
        findings.addAll(versions);
        if (versions.stream().anyMatch(finding -> finding.result() == FindingResult.FAILED)) {
            // Their catalogs may lack what the other checks read.
            return Selected.NOTHING;
        }
        var sourceSide = Databases.Side.read(source, from);
        var targetSide = Databases.Side.read(target, to);
        var book = new TableRuleBook(rules);
        TableSelection selection =
                TableSelection.of(tablePatterns, book, sourceSide.catalog(), targetSide.catalog());
        var databases =
                new Databases(sourceSide, targetSide, selection.tables(), book, slotsNeeded);
        for (Check check : ServerChecks.all()) {
            findings.addAll(check.run(databases));
        }
        findings.addAll(selected(selection));
        for (Check check : MappingChecks.all()) {
            findings.addAll(check.run(databases));
        }
        for (Check check : TableChecks.all()) {
            findings.addAll(check.run(databases));
        }
        RowFilters filters = RowFilters.judge(databases);
        findings.addAll(filters.findings());
        LargeObjectChecks largeObjects = LargeObjectChecks.of(databases, tablePatterns);
        findings.addAll(largeObjects.findings());
        findings.addAll(NotCarried.run(databases));
        return new Selected(filters.tables(), largeObjects.carried());
    }

    private List<CheckFinding> selected(TableSelection selection) {
        if (!selection.unmatched().isEmpty()) {
            return List.of(
                    CheckFinding.failed(
                            "source.selection",
                            ErrorCode.NOTHING_SELECTED,
                            "no table of source database %s is named %s"
                                    .formatted(
                                            source.database(),
                                            String.join(", ", selection.unmatched()))));
        }
        return List.of(
                selection.tables().isEmpty()
                        ? CheckFinding.failed(
                                "source.selection",
                                ErrorCode.NOTHING_SELECTED,
                                "source database %s has no table to migrate"
                                        .formatted(source.database()))
                        : CheckFinding.passed(
                                "source.selection",
                                ErrorCode.NOTHING_SELECTED,
                                "%d tables selected".formatted(selection.tables().size())));
    }

    private static Optional<Failure> failure(List<CheckFinding> findings) {
        List<CheckFinding> failed =
                findings.stream()
                        .filter(finding -> finding.result() == FindingResult.FAILED)
                        .toList();
        if (failed.isEmpty()) {
            return Optional.empty();
        }
        CheckFinding first = failed.getFirst();
        String more = failed.size() == 1 ? "" : " (and %d more)".formatted(failed.size() - 1);
        return Optional.of(new Failure(first.code().name(), first.what() + more, first.remedy()));
    }

    private static MigrationException notAsked(SQLException e) {
        return new MigrationException(
                SqlStates.state(e).equals("42501")
                        ? ErrorCode.PERMISSION_DENIED
                        : ErrorCode.SOURCE_FAILED,
                "a check could not be made: " + e.getMessage(),
                "Mend what the server names, then retry.",
                e);
    }

    /** One side, or the finding that says why there is none. */
    private record Opened(Optional<Connection> connection) implements AutoCloseable {
        static Opened open(
                ConnectionSettings settings,
                String side,
                ErrorCode unreachable,
                String applicationName,
                List<CheckFinding> findings) {
            String id = side + ".connection";
            try {
                Connection connection = settings.open(applicationName);
                findings.add(
                        CheckFinding.passed(id, unreachable, "%s answers".formatted(settings)));
                return new Opened(Optional.of(connection));
            } catch (SQLException e) {
                ErrorCode code = SqlStates.connecting(e);
                String what =
                        "the %s %s cannot be reached: %s".formatted(side, settings, message(e));
                findings.add(
                        CheckFinding.failed(
                                id,
                                code == ErrorCode.SERVER_UNREACHABLE ? unreachable : code,
                                what));
                return new Opened(Optional.empty());
            }
        }

        private static String message(SQLException e) {
            Throwable cause = e.getCause();
            return cause == null
                    ? String.valueOf(e.getMessage())
                    : e.getMessage() + " " + cause.getMessage();
        }

        @Override
        public void close() throws SQLException {
            if (connection.isPresent()) {
                connection.get().close();
            }
        }
    }
}
