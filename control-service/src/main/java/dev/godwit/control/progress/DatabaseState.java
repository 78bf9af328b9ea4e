// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.WantedPhase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Where a database migration stands, derived from what is wanted and what is reported; nobody
 * stores it. {@link #migrationState} and {@link #details} speak the words of Azure's Database
 * Migration Service.
 */
public enum DatabaseState {
    QUEUED("CONFIGURING", "Initiating the migration pipeline"),
    LOADING("RUNNING", "Full data load in progress"),
    SYNCING("RUNNING", "Full data load completed, applying changes"),
    READY_TO_CUTOVER("READY_TO_COMPLETE", "Ready to cutover"),
    CUTTING_OVER("COMPLETING", "Cutover in progress"),
    COMPLETED("COMPLETE", "Completed"),
    FAILED("FAILED", "See error details"),
    CANCELLED("CANCELLED", "Canceled");

    /**
     * Further behind than both of these, the sync is catching up and a cutover would make the
     * application wait.
     */
    private static final long READY_PENDING_MOST = 10_000;

    private static final Duration READY_LATENCY_MOST = Duration.ofSeconds(10);

    private final String migrationState;
    private final String details;

    DatabaseState(String migrationState, String details) {
        this.migrationState = migrationState;
        this.details = details;
    }

    /** The state at this moment. */
    public static DatabaseState of(
            DatabaseMigration wanted, DatabaseProgress reported, Instant now) {
        if (stopped(wanted, reported)) {
            return FAILED;
        }
        return switch (wanted.getPhase()) {
            case CHECK -> QUEUED;
            case RUN -> running(wanted, reported, now);
            case CUT_OVER, FINALISE, RELEASE_SOURCE, RELEASE_TARGET -> CUTTING_OVER;
            case COMPLETED -> COMPLETED;
            // On its way back: never ready, never done before both services have said so.
            case CANCEL -> loaded(wanted, reported) ? SYNCING : LOADING;
            case CANCELLED -> CANCELLED;
        };
    }

    /**
     * What stops it or slows it down: control's own failure first, then capture's, then apply's.
     */
    public static Optional<Failure> failure(DatabaseMigration wanted, DatabaseProgress reported) {
        if (wanted.getFailure() != null) {
            return Optional.of(wanted.getFailure());
        }
        if (over(wanted.getPhase()) || wanted.getPhase() == WantedPhase.CHECK) {
            return Optional.empty();
        }
        CaptureStatus capture = reported.capture();
        if (capture != null
                && capture.getFailure() != null
                && stillStands(
                        capture.getPhase() == CapturePhase.FAILED,
                        capture.getRetriesSeen(),
                        wanted)) {
            return Optional.of(capture.getFailure());
        }
        ApplyStatus apply = reported.apply();
        if (apply != null
                && apply.getFailure() != null
                && stillStands(
                        apply.getPhase() == ApplyPhase.FAILED, apply.getRetriesSeen(), wanted)) {
            return Optional.of(apply.getFailure());
        }
        return Optional.empty();
    }

    /** Whether it waits for the operator. */
    public static boolean stopped(DatabaseMigration wanted, DatabaseProgress reported) {
        if (over(wanted.getPhase())) {
            return false;
        }
        if (wanted.getFailure() != null) {
            return true;
        }
        CaptureStatus capture = reported.capture();
        ApplyStatus apply = reported.apply();
        return (capture != null
                        && capture.getPhase() == CapturePhase.FAILED
                        && capture.getRetriesSeen() >= wanted.getRetries())
                || (apply != null
                        && apply.getPhase() == ApplyPhase.FAILED
                        && apply.getRetriesSeen() >= wanted.getRetries());
    }

    /** Whether every table is loaded, its key and indexes included, and none is to be anew. */
    public static boolean loaded(DatabaseMigration wanted, DatabaseProgress reported) {
        ApplyStatus apply = reported.apply();
        return apply != null
                && (wanted.getWishes() == 0 || wishesGranted(wanted, reported))
                && switch (apply.getPhase()) {
                    case PREPARING, LOADING -> false;
                    case SYNCING, HELD, FINALISING, FINALISED, RELEASED -> true;
                    case FAILED -> apply.getLoadEndedOn() != null;
                };
    }

    /** Of what capture is about to read anew, apply may have heard nothing. */
    private static boolean wishesGranted(DatabaseMigration wanted, DatabaseProgress reported) {
        CaptureStatus capture = reported.capture();
        return capture != null
                && capture.getWishesSeen() >= wanted.getWishes()
                && switch (capture.getPhase()) {
                    case STARTING, WAITING_FOR_SLOT, LOADING -> false;
                    case STREAMING, RELEASED, FAILED -> true;
                };
    }

    /**
     * Time from the newest durably applied change's commit on the source until now; zero while
     * nothing is pending.
     */
    public static Optional<Duration> latency(DatabaseProgress reported, Instant now) {
        if (reported.pending() == 0) {
            return Optional.of(Duration.ZERO);
        }
        ApplyStatus apply = reported.apply();
        if (apply == null || apply.getCommitMicros() == 0) {
            return Optional.empty();
        }
        Duration behind =
                Duration.between(Instant.ofEpochMilli(apply.getCommitMicros() / 1000), now);
        return Optional.of(behind.isNegative() ? Duration.ZERO : behind);
    }

    /** The name in JSON. */
    public String json() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Azure's SyncDatabaseMigrationReportingState. */
    public String migrationState(DatabaseMigration wanted, DatabaseProgress reported) {
        return switch (this) {
            case QUEUED ->
                    wanted.getStartedOn() == null && wanted.getFindings().isEmpty()
                            ? "VALIDATING"
                            : migrationState;
            case LOADING, SYNCING ->
                    wanted.getPhase() == WantedPhase.CANCEL
                            ? "CANCELLING"
                            : firstRowsAwaited(reported) ? "BACKUP_IN_PROGRESS" : migrationState;
            case READY_TO_CUTOVER, CUTTING_OVER, COMPLETED, FAILED, CANCELLED -> migrationState;
        };
    }

    /** The sentence that Azure's portal shows. */
    public String details(DatabaseMigration wanted, DatabaseProgress reported) {
        if (wanted.getPhase() == WantedPhase.CANCEL && this != FAILED) {
            return "Canceling";
        }
        boolean proven = wanted.getPhase() != WantedPhase.CUT_OVER || allCaptured(reported);
        if (this == CUTTING_OVER && reported.pending() == 0 && proven) {
            return "Cutover in progress: all changes applied";
        }
        return details;
    }

    /**
     * Azure's status of the whole activity: the database that needs most attention speaks for all.
     */
    public static String activityStatus(List<String> databaseStatuses) {
        for (String status :
                List.of(
                        "Failed",
                        "Validating",
                        "Queued",
                        "Backup in Progress",
                        "Running",
                        "Complete",
                        "Succeeded")) {
            if (databaseStatuses.contains(status)) {
                return status;
            }
        }
        return "Canceled";
    }

    /** What this database adds to {@link #activityStatus(List)}. */
    public String activityStatus(DatabaseMigration wanted, DatabaseProgress reported) {
        return switch (this) {
            case QUEUED -> "Validating";
            case LOADING, SYNCING ->
                    migrationState(wanted, reported).equals("BACKUP_IN_PROGRESS")
                            ? "Backup in Progress"
                            : "Running";
            case READY_TO_CUTOVER, CUTTING_OVER -> "Complete";
            case COMPLETED -> "Succeeded";
            case FAILED -> "Failed";
            case CANCELLED -> "Canceled";
        };
    }

    private static DatabaseState running(
            DatabaseMigration wanted, DatabaseProgress reported, Instant now) {
        if (!loaded(wanted, reported)) {
            return LOADING;
        }
        CaptureStatus capture = reported.capture();
        boolean streaming = capture != null && capture.getPhase() == CapturePhase.STREAMING;
        return streaming && allCaptured(reported) && caughtUp(reported, now)
                ? READY_TO_CUTOVER
                : SYNCING;
    }

    /** Whether the log holds what the source had committed a moment before capture's report. */
    private static boolean allCaptured(DatabaseProgress reported) {
        CaptureStatus capture = reported.capture();
        return capture != null
                && capture.getCapturedUntil() != null
                && Duration.between(capture.getCapturedUntil(), capture.getReportedOn())
                                .compareTo(READY_LATENCY_MOST)
                        <= 0;
    }

    private static boolean caughtUp(DatabaseProgress reported, Instant now) {
        return reported.pending() <= READY_PENDING_MOST
                || latency(reported, now)
                        .filter(behind -> behind.compareTo(READY_LATENCY_MOST) <= 0)
                        .isPresent();
    }

    private static boolean firstRowsAwaited(DatabaseProgress reported) {
        ApplyStatus apply = reported.apply();
        return apply == null || apply.getPhase() == ApplyPhase.PREPARING;
    }

    private static boolean stillStands(boolean stopped, int retriesSeen, DatabaseMigration wanted) {
        return !stopped || retriesSeen >= wanted.getRetries();
    }

    private static boolean over(WantedPhase phase) {
        return phase == WantedPhase.COMPLETED || phase == WantedPhase.CANCELLED;
    }
}
