// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.assessment.PreparedTransactions;
import dev.godwit.control.progress.DatabaseProgress;
import dev.godwit.control.progress.DatabaseState;
import dev.godwit.control.progress.Progress;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.WantedPhase;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * An operator's Apply: has a marker written, waits for what comes of it at the {@link Gate}, and
 * lets the target take over, or says why not and lets the sync go on.
 */
final class ApplyCommand {
    private static final Duration GATE_MOST = Duration.ofSeconds(10);
    private static final Duration GATE_LOOK = Duration.ofMillis(10);

    private final Owner owner;
    private final Progress progress;
    private final Connections connections;
    private final RandomIds ids;
    private final Clock clock;

    ApplyCommand(
            Owner owner, Progress progress, Connections connections, RandomIds ids, Clock clock) {
        this.owner = owner;
        this.progress = progress;
        this.connections = connections;
        this.ids = ids;
        this.clock = clock;
    }

    /** An Apply under evaluation. */
    private record Asked(
            Migration migration,
            DatabaseMigration database,
            String marker,
            long captured,
            boolean fenced) {}

    /**
     * Returns the accepted database; answers within about ten seconds.
     *
     * @throws MigrationException why it is refused
     */
    DatabaseMigration apply(String migrationId, String databaseId) throws InterruptedException {
        Asked asked = owner.call(() -> begin(migrationId, databaseId));
        try {
            awaitGate(asked);
            List<String> prepared =
                    PreparedTransactions.of(
                            connections.source(asked.migration(), asked.database()),
                            "godwit %s gate".formatted(databaseId));
            if (!prepared.isEmpty()) {
                throw new MigrationException(
                        ErrorCode.PREPARED_TRANSACTION,
                        "prepared on the source and not ended: " + String.join(", ", prepared));
            }
            SchemaWatch.differences(connections, asked.migration(), asked.database(), "gate")
                    .require();
            new LargeObjectGuard(connections, asked.migration(), asked.database()).require("gate");
            return owner.call(() -> finish(asked));
        } catch (MigrationException e) {
            refuse(asked, e.what());
            throw e;
        } catch (InterruptedException e) {
            // The planner finds a marker that nobody evaluates, and takes it back.
            owner.post(() -> owner.endApplying(databaseId));
            throw e;
        }
    }

    private Asked begin(String migrationId, String databaseId) throws InterruptedException {
        DatabaseMigration wanted = owner.database(migrationId, databaseId);
        DatabaseProgress reported = progress.of(databaseId);
        DatabaseState state =
                DatabaseState.of(wanted, reported, clock.instant().truncatedTo(ChronoUnit.MILLIS));
        if (wanted.getPhase() == WantedPhase.RUN && state != DatabaseState.FAILED) {
            throw new MigrationException(
                    ErrorCode.CUTOVER_NOT_READY,
                    "the cutover of database '%s' has not been started"
                            .formatted(wanted.getSourceDatabase()),
                    "Start the cutover, then apply.",
                    null);
        }
        if (wanted.getPhase() != WantedPhase.CUT_OVER || state != DatabaseState.CUTTING_OVER) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "database '%s' is %s"
                            .formatted(wanted.getSourceDatabase(), phrase(wanted, state)));
        }
        CaptureStatus capture = reported.capture();
        boolean fenced = capture != null && capture.getFencedOn() != null;
        if (wanted.getFence() && !fenced) {
            throw new MigrationException(
                    ErrorCode.CUTOVER_NOT_READY,
                    "the source is not fenced yet",
                    "Wait until fencedOn is set, then apply again.",
                    null);
        }
        requireLoaded(wanted, reported);
        if (reported.pending() > 0) {
            throw new MigrationException(
                    ErrorCode.CHANGES_PENDING,
                    "%d row changes are not applied yet".formatted(reported.pending()));
        }
        if (owner.beginApplying(databaseId)) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "an Apply of database '%s' is being evaluated"
                            .formatted(wanted.getSourceDatabase()),
                    "Wait for its answer.",
                    null);
        }
        String marker = ids.next();
        try {
            DatabaseMigration asked =
                    owner.want(
                            migrationId,
                            DatabaseMigration.newBuilder(wanted)
                                    .setGateMarker(marker)
                                    .setReopened(null)
                                    .build());
            return new Asked(
                    owner.migration(migrationId), asked, marker, reported.captured(), fenced);
        } catch (InterruptedException | RuntimeException e) {
            owner.endApplying(databaseId);
            throw e;
        }
    }

    private static void requireLoaded(DatabaseMigration wanted, DatabaseProgress reported) {
        if (!DatabaseState.loaded(wanted, reported)) {
            throw new MigrationException(
                    ErrorCode.CUTOVER_NOT_READY,
                    "tables of database '%s' are being loaded"
                            .formatted(wanted.getSourceDatabase()),
                    "Wait until all are loaded, then apply again.",
                    null);
        }
    }

    private void awaitGate(Asked asked) throws InterruptedException {
        Instant until = clock.instant().plus(GATE_MOST);
        while (true) {
            DatabaseProgress reported = progress.of(asked.database().getId());
            switch (Gate.judge(asked.marker(), asked.captured(), asked.fenced(), reported)) {
                case Gate.Verdict.Holds() -> {
                    return;
                }
                case Gate.Verdict.Refused(ErrorCode code, String why) ->
                        throw new MigrationException(code, why);
                case Gate.Verdict.Waiting(String why) -> {
                    if (clock.instant().isAfter(until)) {
                        throw new MigrationException(
                                ErrorCode.CHANGES_PENDING,
                                "%s, %d seconds after Apply was asked for"
                                        .formatted(why, GATE_MOST.toSeconds()));
                    }
                }
            }
            if (DatabaseState.stopped(asked.database(), reported)) {
                throw new MigrationException(
                        ErrorCode.STATE_CONFLICT,
                        "database '%s' has failed".formatted(asked.database().getSourceDatabase()));
            }
            LockSupport.parkNanos("gate", GATE_LOOK.toNanos());
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private DatabaseMigration finish(Asked asked) throws InterruptedException {
        String databaseId = asked.database().getId();
        DatabaseMigration wanted = owner.database(asked.migration().getId(), databaseId);
        boolean stillAsked =
                wanted.getPhase() == WantedPhase.CUT_OVER
                        && asked.marker().equals(wanted.getGateMarker());
        requireLoaded(wanted, progress.of(databaseId));
        if (!stillAsked || DatabaseState.stopped(wanted, progress.of(databaseId))) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "database '%s' changed its state while Apply was evaluated"
                            .formatted(wanted.getSourceDatabase()));
        }
        if (Gate.judge(asked.marker(), asked.captured(), asked.fenced(), progress.of(databaseId))
                instanceof Gate.Verdict.Refused(ErrorCode code, String why)) {
            throw new MigrationException(code, why);
        }
        DatabaseMigration next =
                owner.want(
                        asked.migration().getId(),
                        DatabaseMigration.newBuilder(wanted)
                                .setPhase(WantedPhase.FINALISE)
                                .build());
        owner.endApplying(databaseId);
        return next;
    }

    private void refuse(Asked asked, String why) throws InterruptedException {
        owner.call(() -> {
            String databaseId = asked.database().getId();
            owner.endApplying(databaseId);
            DatabaseMigration wanted = owner.database(asked.migration().getId(), databaseId);
            return wanted.getPhase() == WantedPhase.CUT_OVER
                            && asked.marker().equals(wanted.getGateMarker())
                    ? owner.want(asked.migration().getId(), Planner.reopened(wanted, why))
                    : wanted;
        });
    }

    private static String phrase(DatabaseMigration wanted, DatabaseState state) {
        return switch (wanted.getPhase()) {
            case FINALISE, RELEASE_SOURCE, RELEASE_TARGET ->
                    "being finalised: its Apply has been accepted";
            case CHECK, RUN, CUT_OVER, COMPLETED, CANCEL, CANCELLED -> state.json();
        };
    }
}
