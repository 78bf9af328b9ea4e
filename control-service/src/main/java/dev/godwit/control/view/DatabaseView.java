// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.view;

import io.micronaut.serde.annotation.Serdeable;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A database migration as JSON.
 *
 * @param latency milliseconds from the newest applied change's commit until now; null while unknown
 * @param uncapturedWalBytes null until capture has reported
 * @param tables null in a list of migrations
 */
@Serdeable
public record DatabaseView(
        String id,
        String databaseName,
        String targetDatabaseName,
        String state,
        String migrationState,
        String details,
        String activityStatus,
        @Nullable Instant startedOn,
        @Nullable Instant cutoverStartedOn,
        @Nullable Instant endedOn,
        long incomingChanges,
        long appliedChanges,
        long pendingChanges,
        @Nullable Long uncapturedWalBytes,
        @Nullable Long latency,
        long cdcInsertCounter,
        long cdcUpdateCounter,
        long cdcDeleteCounter,
        long cdcTruncateCounter,
        int fullLoadQueuedTables,
        int fullLoadLoadingTables,
        int fullLoadCompletedTables,
        int fullLoadErroredTables,
        boolean initializationCompleted,
        List<String> waitingFor,
        List<String> notes,
        boolean fence,
        @Nullable Instant fencedOn,
        @Nullable String reopened,
        @Nullable ErrorBody failure,
        List<FindingView> findings,
        @Nullable ReportView report,
        @Nullable List<TableView> tables) {

    /** What one check found; result is passed, warning or failed. */
    @Serdeable
    public record FindingView(String id, String result, String what, String remedy) {}

    /** What was proven at the cutover; certifiedLsn as PostgreSQL writes it. */
    @Serdeable
    public record ReportView(
            long rows,
            int tables,
            long loadMillis,
            long outageMillis,
            String certifiedLsn,
            List<ComparisonView> comparisons) {}

    /** One table's comparison. */
    @Serdeable
    public record ComparisonView(
            String source, String target, long sourceRows, long targetRows, boolean equal) {}

    /**
     * One target table.
     *
     * @param sourceTableName where its rows come from; of partitions the partitioned table
     */
    @Serdeable
    public record TableView(
            String tableName,
            String sourceTableName,
            String state,
            @Nullable Instant fullLoadStartedOn,
            @Nullable Instant fullLoadEndedOn,
            long fullLoadTotalRows,
            long fullLoadTotalVolumeBytes,
            long fullLoadEstimatedRows,
            int attempt,
            long cdcInsertCounter,
            long cdcUpdateCounter,
            long cdcDeleteCounter,
            long totalChangesApplied,
            long dataErrorsCounter,
            @Nullable Instant lastModifiedTime) {}
}
