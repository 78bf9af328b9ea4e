// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.assessment.Reselection;
import dev.godwit.control.progress.DatabaseState;
import dev.godwit.control.progress.Progress;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
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
            return owner.want(
                    migrationId,
                    DatabaseMigration.newBuilder(now)
                            .setTables(chosen.getTables())
                            .setAdded(chosen.getAdded())
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
        if (!syncs || state == DatabaseState.FAILED) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "database '%s' is %s: no table of it can be loaded now"
                            .formatted(wanted.getSourceDatabase(), state.json()),
                    state == DatabaseState.FAILED
                            ? "Mend the cause of the failure and retry, then ask again."
                            : ErrorCode.STATE_CONFLICT.remedy(),
                    null);
        }
        if (wanted.getGateMarker() != null) {
            throw new MigrationException(
                    ErrorCode.STATE_CONFLICT,
                    "an Apply of database '%s' is being evaluated"
                            .formatted(wanted.getSourceDatabase()),
                    "Wait for its answer.",
                    null);
        }
        return wanted;
    }
}
