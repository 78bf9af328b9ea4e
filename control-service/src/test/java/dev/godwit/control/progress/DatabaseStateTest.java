// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import static dev.godwit.control.progress.Reports.NOW;
import static dev.godwit.control.progress.Reports.apply;
import static dev.godwit.control.progress.Reports.capture;
import static dev.godwit.control.progress.Reports.wanted;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.WantedPhase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseStateTest {
    private static final Failure FAILURE =
            new Failure("SLOT_LOST", "the slot is gone", "start again");

    @ParameterizedTest
    @CsvSource({
        "CHECK,                 -,                -,          QUEUED,           VALIDATING,         Initiating the migration pipeline,                Validating",
        "RUN,                   -,                -,          LOADING,          BACKUP_IN_PROGRESS, Full data load in progress,                       Backup in Progress",
        "RUN,                   WAITING_FOR_SLOT, PREPARING,  LOADING,          BACKUP_IN_PROGRESS, Full data load in progress,                       Backup in Progress",
        "RUN,                   LOADING,          LOADING,    LOADING,          RUNNING,            Full data load in progress,                       Running",
        "RUN,                   LOADING,          SYNCING,    SYNCING,          RUNNING,            'Full data load completed, applying changes',     Running",
        "RUN,                   STREAMING,        SYNCING,    READY_TO_CUTOVER, READY_TO_COMPLETE,  Ready to cutover,                                 Complete",
        "RUN,                   STREAMING,        FAILED,     FAILED,           FAILED,             See error details,                                Failed",
        "RUN,                   FAILED,           SYNCING,    FAILED,           FAILED,             See error details,                                Failed",
        "CUT_OVER,              STREAMING,        SYNCING,    CUTTING_OVER,     COMPLETING,         Cutover in progress: all changes applied,         Complete",
        "FINALISE,              STREAMING,        FINALISING, CUTTING_OVER,     COMPLETING,         Cutover in progress: all changes applied,         Complete",
        "RELEASE_SOURCE,        STREAMING,        HELD,       CUTTING_OVER,     COMPLETING,         Cutover in progress: all changes applied,         Complete",
        "RELEASE_TARGET,        RELEASED,         HELD,       CUTTING_OVER,     COMPLETING,         Cutover in progress: all changes applied,         Complete",
        "COMPLETED,             RELEASED,         RELEASED,   COMPLETED,        COMPLETE,           Completed,                                        Succeeded",
        "COMPLETED,             FAILED,           RELEASED,   COMPLETED,        COMPLETE,           Completed,                                        Succeeded",
        "CANCEL,                STREAMING,        SYNCING,    SYNCING,          CANCELLING,         Canceling,                                        Running",
        "CANCEL,                RELEASED,         LOADING,    LOADING,          CANCELLING,         Canceling,                                        Running",
        "CANCEL,                FAILED,           LOADING,    FAILED,           FAILED,             See error details,                                Failed",
        "CANCELLED,             RELEASED,         RELEASED,   CANCELLED,        CANCELLED,          Canceled,                                         Canceled",
    })
    void followsFromWantedAndReported(
            WantedPhase phase,
            String capturePhase,
            String applyPhase,
            DatabaseState state,
            String migrationState,
            String details,
            String activity) {
        DatabaseMigration wanted = wanted(phase);
        var reported =
                new DatabaseProgress(
                        capturePhase.equals("-")
                                ? null
                                : capture(CapturePhase.valueOf(capturePhase), 5)
                                        .setFailure(capturePhase.equals("FAILED") ? FAILURE : null)
                                        .build(),
                        applyPhase.equals("-")
                                ? null
                                : apply(ApplyPhase.valueOf(applyPhase), 5)
                                        .setFailure(applyPhase.equals("FAILED") ? FAILURE : null)
                                        .build());

        assertThat(DatabaseState.of(wanted, reported, NOW)).isEqualTo(state);
        assertThat(state.migrationState(wanted, reported)).isEqualTo(migrationState);
        assertThat(state.details(wanted, reported)).isEqualTo(details);
        assertThat(state.activityStatus(wanted, reported)).isEqualTo(activity);
    }

    @Test
    void failureIsOverOnceTheRetryIsAskedFor() {
        var reported =
                new DatabaseProgress(
                        null,
                        apply(ApplyPhase.FAILED, 0).setFailure(FAILURE).setRetriesSeen(2).build());
        DatabaseMigration retried =
                DatabaseMigration.newBuilder(wanted(WantedPhase.RUN)).setRetries(3).build();

        assertThat(DatabaseState.of(retried, reported, NOW)).isEqualTo(DatabaseState.LOADING);
        assertThat(DatabaseState.failure(retried, reported)).isEmpty();
    }

    @Test
    void failureThatHealsByItselfIsShownAndStopsNothing() {
        var reported =
                new DatabaseProgress(
                        capture(CapturePhase.STREAMING, 0).setFailure(FAILURE).build(),
                        apply(ApplyPhase.SYNCING, 0).build());

        assertThat(DatabaseState.of(wanted(WantedPhase.RUN), reported, NOW))
                .isEqualTo(DatabaseState.READY_TO_CUTOVER);
        assertThat(DatabaseState.failure(wanted(WantedPhase.RUN), reported)).contains(FAILURE);
    }

    /** Apply may not have heard of the attempt yet. */
    @Test
    void loadsUntilCaptureHasReadWhatTheOperatorWantsAnew() {
        DatabaseMigration again =
                DatabaseMigration.newBuilder(wanted(WantedPhase.RUN)).setWishes(2).build();
        var unseen =
                new DatabaseProgress(
                        capture(CapturePhase.STREAMING, 5).setWishesSeen(1).build(),
                        apply(ApplyPhase.SYNCING, 5).build());
        var reading =
                new DatabaseProgress(
                        capture(CapturePhase.WAITING_FOR_SLOT, 5).setWishesSeen(2).build(),
                        apply(ApplyPhase.SYNCING, 5).build());
        var read =
                new DatabaseProgress(
                        capture(CapturePhase.STREAMING, 5).setWishesSeen(2).build(),
                        apply(ApplyPhase.SYNCING, 5).build());

        assertThat(DatabaseState.of(again, unseen, NOW)).isEqualTo(DatabaseState.LOADING);
        assertThat(DatabaseState.of(again, reading, NOW)).isEqualTo(DatabaseState.LOADING);
        assertThat(DatabaseState.of(again, read, NOW)).isEqualTo(DatabaseState.READY_TO_CUTOVER);
    }

    @Test
    void isNotReadyBeforeTheSourcesWalIsCaptured() {
        var unknown =
                new DatabaseProgress(
                        capture(CapturePhase.STREAMING, 5).setCapturedUntil(null).build(),
                        apply(ApplyPhase.SYNCING, 5).build());
        var backlog =
                new DatabaseProgress(
                        capture(CapturePhase.STREAMING, 5)
                                .setCapturedUntil(NOW.minusSeconds(60))
                                .build(),
                        apply(ApplyPhase.SYNCING, 5).build());

        for (DatabaseProgress reported : List.of(unknown, backlog)) {
            assertThat(DatabaseState.of(wanted(WantedPhase.RUN), reported, NOW))
                    .isEqualTo(DatabaseState.SYNCING);
            assertThat(DatabaseState.CUTTING_OVER.details(wanted(WantedPhase.CUT_OVER), reported))
                    .isEqualTo("Cutover in progress");
        }
    }

    @Test
    void isNotReadyWhileFarBehind() {
        long minuteAgo = NOW.minusSeconds(60).toEpochMilli() * 1000;
        var farBehind =
                new DatabaseProgress(
                        capture(CapturePhase.STREAMING, 20_000).build(),
                        apply(ApplyPhase.SYNCING, 1).setCommitMicros(minuteAgo).build());
        var busyButClose =
                new DatabaseProgress(
                        capture(CapturePhase.STREAMING, 20_000).build(),
                        apply(ApplyPhase.SYNCING, 1)
                                .setCommitMicros(NOW.minusSeconds(2).toEpochMilli() * 1000)
                                .build());

        assertThat(DatabaseState.of(wanted(WantedPhase.RUN), farBehind, NOW))
                .isEqualTo(DatabaseState.SYNCING);
        assertThat(DatabaseState.of(wanted(WantedPhase.RUN), busyButClose, NOW))
                .isEqualTo(DatabaseState.READY_TO_CUTOVER);
        assertThat(DatabaseState.latency(farBehind, NOW)).contains(Duration.ofSeconds(60));
    }

    @Test
    void appliedNeverExceedsIncoming() {
        var applyReportedFirst =
                new DatabaseProgress(
                        capture(CapturePhase.STREAMING, 7).build(),
                        apply(ApplyPhase.SYNCING, 9).build());

        assertThat(applyReportedFirst.incoming()).isEqualTo(9);
        assertThat(applyReportedFirst.pending()).isZero();
    }

    @Test
    void worstDatabaseSpeaksForTheActivity() {
        assertThat(DatabaseState.activityStatus(List.of("Succeeded", "Running", "Complete")))
                .isEqualTo("Running");
        assertThat(DatabaseState.activityStatus(List.of("Succeeded", "Failed")))
                .isEqualTo("Failed");
        assertThat(DatabaseState.activityStatus(List.of("Succeeded", "Succeeded")))
                .isEqualTo("Succeeded");
        assertThat(DatabaseState.activityStatus(List.of("Canceled"))).isEqualTo("Canceled");
    }
}
