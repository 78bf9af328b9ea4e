// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.progress.DatabaseProgress;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.Report;
import dev.godwit.schemas.TableReport;
import dev.godwit.schemas.WantedPhase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The next step of one database migration, from what is wanted and what is reported alone. */
final class Planner {
    private static final int NAMES_SHOWN = 3;

    private final Supplier<String> markerIds;

    /**
     * @param markerIds a fresh one at each call
     */
    Planner(Supplier<String> markerIds) {
        this.markerIds = markerIds;
    }

    /**
     * @param applying whether an operator's Apply is being evaluated by this process
     */
    Step next(DatabaseMigration wanted, DatabaseProgress reported, boolean applying, Instant now) {
        if (wanted.getFailure() != null && wanted.getPhase() != WantedPhase.CANCEL) {
            return new Step.Stay();
        }
        return switch (wanted.getPhase()) {
            case CHECK -> new Step.Assess();
            case RUN, COMPLETED, CANCELLED -> new Step.Stay();
            case CUT_OVER ->
                    wanted.getGateMarker() == null || applying
                            ? new Step.Stay()
                            : new Step.Want(
                                    reopened(
                                            wanted,
                                            "Apply was interrupted before it was decided: the control service stopped"));
            case FINALISE -> finalise(wanted, reported);
            case RELEASE_SOURCE ->
                    captureReleased(reported)
                            ? new Step.Want(
                                    copy(wanted).setPhase(WantedPhase.RELEASE_TARGET).build())
                            : new Step.Stay();
            case RELEASE_TARGET ->
                    applyReleased(reported)
                            ? new Step.DropTopics(completed(wanted, reported, now))
                            : new Step.Stay();
            case CANCEL ->
                    captureReleased(reported) && applyReleased(reported)
                            ? new Step.DropTopics(
                                    copy(wanted)
                                            .setPhase(WantedPhase.CANCELLED)
                                            .setFailure(null)
                                            .setEndedOn(now)
                                            .build())
                            : new Step.Stay();
        };
    }

    /** Back to the cutover's start, with the reason. */
    static DatabaseMigration reopened(DatabaseMigration wanted, String why) {
        return copy(wanted)
                .setPhase(WantedPhase.CUT_OVER)
                .setGateMarker(null)
                .setFinalMarker(null)
                .setReport(null)
                .setReopened(why)
                .build();
    }

    /** The same, stopped: the sync goes on, and Retry lets the operator apply again. */
    static DatabaseMigration refused(DatabaseMigration wanted, Failure failure) {
        return copy(reopened(wanted, failure.getWhat())).setFailure(failure).build();
    }

    /**
     * The comparison is over: what it found waits for the final marker, which tells a late write
     * from a difference.
     *
     * @param largeObjects equal; empty if none travel
     */
    DatabaseMigration compared(
            DatabaseMigration wanted,
            List<TableReport> tables,
            Optional<TableReport> largeObjects) {
        long rows = tables.stream().mapToLong(TableReport::getTargetRows).sum();
        var comparisons = new ArrayList<>(tables);
        largeObjects.ifPresent(comparisons::add);
        return copy(wanted)
                .setReport(new Report(rows, tables.size(), 0L, 0L, 0L, comparisons))
                .setFinalMarker(markerIds.get())
                .build();
    }

    private static Step finalise(DatabaseMigration wanted, DatabaseProgress reported) {
        ApplyStatus apply = reported.apply();
        String gate = wanted.getGateMarker();
        if (apply == null || gate == null || !gate.equals(apply.getHeldMarker())) {
            return new Step.Stay();
        }
        if (apply.getChangesBehindMarker() > 0) {
            return new Step.Want(
                    reopened(
                            wanted,
                            "%d row changes were committed on the source after the gate"
                                    .formatted(apply.getChangesBehindMarker())));
        }
        if (!gate.equals(apply.getFinalisedFor())) {
            return new Step.Stay();
        }
        Report report = wanted.getReport();
        if (wanted.getFinalMarker() == null || report == null) {
            return new Step.Compare();
        }
        return wanted.getFinalMarker().equals(apply.getFinalMarker())
                ? certify(wanted, report, reported, apply)
                : new Step.Stay();
    }

    /** No row change lies between the two markers. */
    private static Step certify(
            DatabaseMigration wanted, Report report, DatabaseProgress reported, ApplyStatus apply) {
        List<TableReport> unequal =
                report.getComparisons().stream().filter(table -> !table.getEqual()).toList();
        if (!unequal.isEmpty()) {
            return new Step.Want(copy(wanted).setFailure(rowsDiffer(unequal)).build());
        }
        // Once released, the services no longer know when the load was.
        Report certified =
                Report.newBuilder(report)
                        .setCertifiedLsn(apply.getFinalMarkerLsn())
                        .setLoadMillis(loadMillis(reported))
                        .build();
        return new Step.Want(
                copy(wanted)
                        .setPhase(WantedPhase.RELEASE_SOURCE)
                        .setReport(certified)
                        .setReopened(null)
                        .build());
    }

    private static Failure rowsDiffer(List<TableReport> unequal) {
        String tables =
                unequal.stream()
                        .limit(NAMES_SHOWN)
                        .map(table ->
                                "%s.%s (%d rows on the source, %d on the target)"
                                        .formatted(
                                                table.getTarget().getNamespace(),
                                                table.getTarget().getName(),
                                                table.getSourceRows(),
                                                table.getTargetRows()))
                        .collect(Collectors.joining(", "));
        return new Failure(
                ErrorCode.ROWS_DIFFER.name(),
                "%d tables differ between source and target: %s".formatted(unequal.size(), tables),
                ErrorCode.ROWS_DIFFER.remedy());
    }

    private static DatabaseMigration completed(
            DatabaseMigration wanted, DatabaseProgress reported, Instant now) {
        DatabaseMigration.Builder completed =
                copy(wanted).setPhase(WantedPhase.COMPLETED).setEndedOn(now);
        if (wanted.getReport() != null) {
            completed.setReport(
                    Report.newBuilder(wanted.getReport())
                            .setOutageMillis(outageMillis(wanted, reported, now))
                            .build());
        }
        return completed.build();
    }

    private static long loadMillis(DatabaseProgress reported) {
        CaptureStatus capture = reported.capture();
        ApplyStatus apply = reported.apply();
        if (capture == null
                || apply == null
                || capture.getLoadStartedOn() == null
                || apply.getLoadEndedOn() == null) {
            return 0;
        }
        return Math.max(
                0, Duration.between(capture.getLoadStartedOn(), apply.getLoadEndedOn()).toMillis());
    }

    /**
     * From the fence, or else from the later of the last change and the cutover's start: when it
     * stopped writing, the application alone knows.
     */
    private static long outageMillis(
            DatabaseMigration wanted, DatabaseProgress reported, Instant now) {
        CaptureStatus capture = reported.capture();
        ApplyStatus apply = reported.apply();
        Instant from = capture == null ? null : capture.getFencedOn();
        if (from == null) {
            Instant lastChange =
                    apply == null || apply.getCommitMicros() == 0
                            ? null
                            : Instant.ofEpochMilli(apply.getCommitMicros() / 1000);
            from = later(wanted.getCutoverStartedOn(), lastChange);
        }
        return from == null ? 0 : Math.max(0, Duration.between(from, now).toMillis());
    }

    private static @Nullable Instant later(@Nullable Instant a, @Nullable Instant b) {
        return a == null || (b != null && b.isAfter(a)) ? b : a;
    }

    private static boolean captureReleased(DatabaseProgress reported) {
        return reported.capture() != null && reported.capture().getPhase() == CapturePhase.RELEASED;
    }

    private static boolean applyReleased(DatabaseProgress reported) {
        return reported.apply() != null && reported.apply().getPhase() == ApplyPhase.RELEASED;
    }

    private static DatabaseMigration.Builder copy(DatabaseMigration wanted) {
        return DatabaseMigration.newBuilder(wanted);
    }
}
