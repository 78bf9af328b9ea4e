// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.assessment.Reselection;
import dev.godwit.control.progress.DatabaseProgress;
import dev.godwit.control.progress.DatabaseState;
import dev.godwit.control.progress.Progress;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.WantedPhase;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Set;

/**
 * An operator's wish that tables be loaded anew, or for the first time while the others sync. It is
 * a number in the desired state: capture grants it once, however often it reads it.
 */
final class ReloadCommand {
    private static final Set<String> MENDED =
            Set.of(
                    ErrorCode.SCHEMA_CHANGED.name(),
                    ErrorCode.CHANGE_REFUSED.name(),
                    ErrorCode.ROW_MISSING.name());

    /** Of the comparison behind the gate. */
    private static final Set<String> COMPARED =
            Set.of(ErrorCode.ROWS_DIFFER.name(), ErrorCode.COMPARISON_REFUSED.name());

    private final Owner owner;
    private final Progress progress;
    private final Connections connections;
    private final Clock clock;

    ReloadCommand(Owner owner, Progress progress, Connections connections, Clock clock) {
        this.owner = owner;
        this.progress = progress;
        this.connections = connections;
        this.clock = clock;
    }

    /**
     * Returns the accepted database.
     *
     * @param named source tables; a partitioned one means its partitions
     * @param add whether tables that are not selected may be among them
     * @throws MigrationException why it is refused
     */
    DatabaseMigration reload(
            String migrationId, String databaseId, Set<TableName> named, boolean add)
            throws InterruptedException {
        Migration migration = owner.call(() -> owner.migration(migrationId));
        DatabaseMigration wanted = owner.call(() -> ready(migrationId, databaseId));
        DatabaseMigration chosen =
                new Reselection(
                                connections.source(migration, wanted),
                                connections.target(migration, wanted),
                                migration.getTablePatterns(),
                                wanted,
                                named,
                                add,
                                "godwit %s reload".formatted(databaseId))
                        .run();
        return owner.call(() -> {
            DatabaseMigration now = ready(migrationId, databaseId);
            if (now.getWishes() != wanted.getWishes()) {
                throw new MigrationException(
                        ErrorCode.STATE_CONFLICT,
                        "another reload of database '%s' was accepted meanwhile"
                                .formatted(wanted.getSourceDatabase()),
                        "Ask again.",
                        null);
            }
            DatabaseMigration base = goingOn(now, progress.of(databaseId));
            return owner.want(
                    migrationId,
                    DatabaseMigration.newBuilder(base)
                            .setTables(chosen.getTables())
                            .setAdded(chosen.getAdded())
                            .setLargeObjects(chosen.getLargeObjects())
                            .setLargeObjectsWish(chosen.getLargeObjectsWish())
                            .setWishes(chosen.getWishes())
                            .build());
        });
    }

    private DatabaseMigration ready(String migrationId, String databaseId) {
        DatabaseMigration wanted = owner.database(migrationId, databaseId);
        DatabaseState state =
                DatabaseState.of(
                        wanted,
                        progress.of(databaseId),
                        clock.instant().truncatedTo(ChronoUnit.MILLIS));
        boolean syncs =
                wanted.getPhase() == WantedPhase.RUN || wanted.getPhase() == WantedPhase.CUT_OVER;
        boolean stopped = state == DatabaseState.FAILED;
        if (stopped ? !helps(wanted, progress.of(databaseId)) : !syncs) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "database '%s' is %s: no table of it can be loaded now"
                            .formatted(wanted.getSourceDatabase(), state.json()),
                    stopped
                            ? "Mend the cause of the failure and retry, then ask again."
                            : ErrorCode.STATE_CONFLICT.remedy(),
                    null);
        }
        if (!stopped && wanted.getGateMarker() != null) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "an Apply of database '%s' is being evaluated"
                            .formatted(wanted.getSourceDatabase()),
                    "Wait for its answer.",
                    null);
        }
        return wanted;
    }

    /**
     * Whether a reload may mend what has stopped it: rows that differ or are gone, a change that
     * the target does not take, which the load makes needless, or a table that is gone, which
     * travels no longer.
     */
    private static boolean helps(DatabaseMigration wanted, DatabaseProgress reported) {
        if (wanted.getFailure() != null) {
            String code = wanted.getFailure().getCode();
            return code.equals(ErrorCode.LARGE_OBJECTS_CHANGED.name())
                    || (COMPARED.contains(code) && wanted.getPhase() == WantedPhase.FINALISE);
        }
        boolean syncs =
                wanted.getPhase() == WantedPhase.RUN || wanted.getPhase() == WantedPhase.CUT_OVER;
        return syncs && wanted.getGateMarker() == null && helps(reported);
    }

    private static boolean helps(DatabaseProgress reported) {
        CaptureStatus capture = reported.capture();
        ApplyStatus apply = reported.apply();
        if (capture != null && capture.getPhase() == CapturePhase.FAILED) {
            return capture.getFailure() != null
                    && capture.getFailure().getCode().equals(ErrorCode.SCHEMA_CHANGED.name());
        }
        return capture != null
                && apply != null
                && apply.getFailure() != null
                && MENDED.contains(apply.getFailure().getCode());
    }

    /** What has stopped it is tried again. */
    private static DatabaseMigration goingOn(DatabaseMigration wanted, DatabaseProgress reported) {
        if (wanted.getFailure() != null) {
            DatabaseMigration open =
                    wanted.getPhase() == WantedPhase.FINALISE
                            ? Planner.reopened(wanted, "what differed is loaded anew")
                            : wanted;
            return DatabaseMigration.newBuilder(open)
                    .setFailure(null)
                    .setRetries(wanted.getRetries() + 1)
                    .build();
        }
        return DatabaseState.stopped(wanted, reported)
                ? DatabaseMigration.newBuilder(wanted).setRetries(wanted.getRetries() + 1).build()
                : wanted;
    }
}
