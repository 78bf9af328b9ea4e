// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.view;

import dev.godwit.control.progress.DatabaseProgress;
import dev.godwit.control.progress.DatabaseState;
import dev.godwit.control.progress.Progress;
import dev.godwit.control.progress.TableProgress;
import dev.godwit.control.view.DatabaseView.ComparisonView;
import dev.godwit.control.view.DatabaseView.FindingView;
import dev.godwit.control.view.DatabaseView.ReportView;
import dev.godwit.control.view.DatabaseView.TableView;
import dev.godwit.control.view.MigrationView.ServerView;
import dev.godwit.control.view.MigrationView.SettingsView;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.ApplyTablePhase;
import dev.godwit.schemas.ApplyTableStatus;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.CaptureTablePhase;
import dev.godwit.schemas.CaptureTableStatus;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.QualifiedName;
import dev.godwit.schemas.Report;
import dev.godwit.schemas.Server;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.WantedPhase;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Joins what is wanted with what is reported into what is shown. */
public final class Views {
    private static final Counters NONE = new Counters(0L, 0L, 0L, 0L);
    private static final Duration SILENT = Duration.ofSeconds(15);

    private final Progress progress;
    private final Function<DatabaseMigration, List<String>> ownNotes;
    private final Clock clock;

    /**
     * @param ownNotes what control itself has to say of a database migration
     */
    public Views(
            Progress progress, Function<DatabaseMigration, List<String>> ownNotes, Clock clock) {
        this.progress = progress;
        this.ownNotes = ownNotes;
        this.clock = clock;
    }

    /** With its tables or without. */
    public MigrationView of(Migration migration, boolean tables) {
        List<DatabaseView> databases =
                migration.getDatabases().stream().map(database -> of(database, tables)).toList();
        var settings = migration.getSettings();
        return new MigrationView(
                migration.getId(),
                migration.getProject(),
                migration.getName(),
                migration.getCreatedOn(),
                server(migration.getSource()),
                server(migration.getTarget()),
                new SettingsView(
                        settings.getLoadWorkers(),
                        settings.getLanes(),
                        settings.getLoadBacklogBytesMax(),
                        settings.getRowBytesMax()),
                List.copyOf(migration.getTablePatterns()),
                DatabaseState.activityStatus(
                        databases.stream().map(DatabaseView::activityStatus).toList()),
                databases);
    }

    /** With its tables or without. */
    public DatabaseView of(DatabaseMigration wanted, boolean withTables) {
        Instant now = clock.instant();
        DatabaseProgress reported = progress.of(wanted.getId());
        DatabaseState state = DatabaseState.of(wanted, reported, now);
        List<TableView> tables = tables(wanted);
        CaptureStatus capture = reported.capture();
        ApplyStatus apply = reported.apply();
        Counters applied = apply == null ? NONE : apply.getApplied();
        boolean over = state == DatabaseState.COMPLETED || state == DatabaseState.CANCELLED;
        return new DatabaseView(
                wanted.getId(),
                wanted.getSourceDatabase(),
                wanted.getTargetDatabase(),
                state.json(),
                state.migrationState(wanted, reported),
                state.details(wanted, reported),
                state.activityStatus(wanted, reported),
                wanted.getStartedOn(),
                wanted.getCutoverStartedOn(),
                wanted.getEndedOn(),
                reported.incoming(),
                reported.applied(),
                reported.pending(),
                capture == null ? null : Long.valueOf(Math.max(0, capture.getUncapturedWalBytes())),
                DatabaseState.latency(reported, now).map(Duration::toMillis).orElse(null),
                applied.getInserts(),
                applied.getUpdates(),
                applied.getDeletes(),
                applied.getTruncates(),
                count(tables, "BEFORE_LOAD"),
                count(tables, "FULL_LOAD"),
                count(tables, "COMPLETED"),
                count(tables, "ERROR"),
                DatabaseState.loaded(wanted, reported),
                capture == null || over ? List.of() : List.copyOf(capture.getWaitingFor()),
                notes(wanted, reported, now),
                wanted.getFence(),
                capture == null || wanted.getPhase() == WantedPhase.CANCELLED
                        ? null
                        : capture.getFencedOn(),
                wanted.getReopened(),
                DatabaseState.failure(wanted, reported).map(ErrorBody::of).orElse(null),
                wanted.getFindings().stream()
                        .map(finding ->
                                new FindingView(
                                        finding.getId(),
                                        finding.getResult().name().toLowerCase(Locale.ROOT),
                                        finding.getWhat(),
                                        finding.getRemedy()))
                        .toList(),
                report(wanted),
                withTables ? tables : null);
    }

    private static ServerView server(Server server) {
        return new ServerView(
                server.getHost(),
                server.getPort(),
                server.getUser(),
                server.getSslMode(),
                Map.copyOf(server.getParameters()));
    }

    private static @Nullable ReportView report(DatabaseMigration wanted) {
        Report report = wanted.getReport();
        if (report == null
                || (wanted.getPhase() != WantedPhase.COMPLETED && wanted.getFailure() == null)) {
            return null;
        }
        return new ReportView(
                report.getRows(),
                report.getTables(),
                report.getLoadMillis(),
                report.getOutageMillis(),
                "%X/%X"
                        .formatted(
                                report.getCertifiedLsn() >>> 32,
                                report.getCertifiedLsn() & 0xFFFF_FFFFL),
                report.getComparisons().stream()
                        .map(table ->
                                new ComparisonView(
                                        name(table.getSource()),
                                        name(table.getTarget()),
                                        table.getSourceRows(),
                                        table.getTargetRows(),
                                        table.getEqual()))
                        .toList());
    }

    /** What apply and control say, and who has been silent. */
    private List<String> notes(DatabaseMigration wanted, DatabaseProgress reported, Instant now) {
        var notes = new ArrayList<String>();
        CaptureStatus capture = reported.capture();
        ApplyStatus apply = reported.apply();
        if (apply != null) {
            notes.addAll(apply.getNotes());
        }
        notes.addAll(ownNotes.apply(wanted));
        boolean busy =
                switch (wanted.getPhase()) {
                    case RUN, CUT_OVER, FINALISE, RELEASE_SOURCE, RELEASE_TARGET, CANCEL -> true;
                    case CHECK, COMPLETED, CANCELLED -> false;
                };
        if (busy) {
            silent(
                    "capture",
                    wanted.getStartedOn(),
                    capture == null ? null : capture.getReportedOn(),
                    capture != null && capture.getPhase() == CapturePhase.RELEASED,
                    now,
                    notes);
            silent(
                    "apply",
                    wanted.getStartedOn(),
                    apply == null ? null : apply.getReportedOn(),
                    false,
                    now,
                    notes);
        }
        return notes;
    }

    private static void silent(
            String service,
            @Nullable Instant startedOn,
            @Nullable Instant reportedOn,
            boolean done,
            Instant now,
            List<String> notes) {
        Instant since = reportedOn == null ? startedOn : reportedOn;
        if (done || since == null || Duration.between(since, now).compareTo(SILENT) <= 0) {
            return;
        }
        notes.add(
                reportedOn == null
                        ? "The %s service has not reported yet.".formatted(service)
                        : "The %s service has not reported for %d seconds."
                                .formatted(service, Duration.between(since, now).toSeconds()));
    }

    private List<TableView> tables(DatabaseMigration wanted) {
        Map<TableName, TableProgress> reported = progress.tablesOf(wanted.getId());
        var sources = new TreeMap<TableName, TableName>();
        for (TableMapping mapping : wanted.getTables()) {
            sources.merge(
                    TableName.of(mapping.getTarget()),
                    TableName.of(mapping.getSource()),
                    (first, second) ->
                            TableName.of(
                                    Objects.requireNonNullElse(
                                            mapping.getRoot(), mapping.getTarget())));
        }
        if (wanted.getLargeObjects()) {
            sources.put(LargeObjects.NAME, LargeObjects.NAME);
        }
        return sources.entrySet().stream()
                .map(table ->
                        table(
                                wanted,
                                table.getValue(),
                                reported.getOrDefault(
                                        table.getKey(),
                                        new TableProgress(table.getKey(), null, null, null))))
                .toList();
    }

    private static TableView table(
            DatabaseMigration wanted, TableName source, TableProgress table) {
        CaptureTableStatus capture = table.capture();
        ApplyTableStatus apply = table.apply();
        Counters applied = apply == null ? NONE : apply.getApplied();
        return new TableView(
                table.target().toString(),
                source.toString(),
                tableState(wanted, table),
                capture == null ? null : capture.getStartedOn(),
                apply == null ? null : apply.getLoadEndedOn(),
                apply == null ? 0 : apply.getRowsLoaded(),
                apply == null ? 0 : apply.getBytesLoaded(),
                capture == null ? -1 : capture.getRowsEstimate(),
                capture == null ? 0 : capture.getAttempt(),
                applied.getInserts(),
                applied.getUpdates(),
                applied.getDeletes(),
                applied.getInserts()
                        + applied.getUpdates()
                        + applied.getDeletes()
                        + applied.getTruncates(),
                apply == null ? 0 : apply.getRejected(),
                table.modified());
    }

    /** Azure's SyncTableMigrationState. */
    private static String tableState(DatabaseMigration wanted, TableProgress table) {
        CaptureTableStatus capture = table.capture();
        ApplyTableStatus apply = table.apply();
        if (apply != null && apply.getRejected() > 0) {
            return "ERROR";
        }
        if (apply != null && apply.getPhase() == ApplyTablePhase.LOADED) {
            return "COMPLETED";
        }
        if (wanted.getPhase() == WantedPhase.CANCELLED) {
            return "CANCELED";
        }
        boolean reading = capture != null && capture.getPhase() != CaptureTablePhase.WAITING;
        boolean loading = apply != null && apply.getPhase() != ApplyTablePhase.WAITING;
        return reading || loading ? "FULL_LOAD" : "BEFORE_LOAD";
    }

    private static int count(List<TableView> tables, String state) {
        return (int) tables.stream().filter(table -> table.state().equals(state)).count();
    }

    private static String name(QualifiedName name) {
        return TableName.of(name).toString();
    }
}
