// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.sync.SyncProgress;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.ApplyTablePhase;
import dev.godwit.schemas.ApplyTableStatus;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.Failure;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes status records of what is known. Pure. */
final class StatusRecords {
    private StatusRecords() {}

    /**
     * The summary.
     *
     * @param view empty while the target has not been reached: then the counters are those last
     *     said
     * @param failure what stopped the owner, empty while it runs
     * @param retriesSeen the operator's retries that this failure, or else this owner, knows
     */
    static ApplyStatus summary(
            String databaseId,
            Optional<OwnerView> view,
            Optional<ApplyStatus> last,
            Optional<Failure> failure,
            int retriesSeen,
            Instant now) {
        ApplyStatus status =
                last.map(said -> ApplyStatus.newBuilder(said).build())
                        .orElseGet(() -> fresh(databaseId));
        view.ifPresent(known -> fill(status, known));
        Optional<Failure> shown =
                failure.or(() -> view.flatMap(known -> known.failures().stream().findFirst()));
        status.setFailure(shown.orElse(null));
        boolean released = view.map(known -> known.phase() == ApplyPhase.RELEASED).orElse(false);
        if (released) {
            status.setFailure(null);
        } else if (shown.filter(StatusRecords::stops).isPresent()) {
            status.setPhase(ApplyPhase.FAILED);
        } else if (view.isEmpty() && status.getPhase() == ApplyPhase.FAILED) {
            status.setPhase(ApplyPhase.PREPARING);
        }
        status.setRetriesSeen(retriesSeen);
        status.setReportedOn(now);
        return status;
    }

    private static boolean stops(Failure failure) {
        return ErrorCode.valueOf(failure.getCode()).retry() != ErrorCode.Retry.AUTOMATIC;
    }

    private static ApplyStatus fresh(String databaseId) {
        return ApplyStatus.newBuilder()
                .setDatabase(databaseId)
                .setEpoch(0)
                .setPhase(ApplyPhase.PREPARING)
                .setReportedOn(Instant.EPOCH)
                .setRetriesSeen(0)
                .setApplied(new Counters(0L, 0L, 0L, 0L))
                .setFinalLsn(0)
                .setOrdinal(0)
                .setCommitMicros(0)
                .build();
    }

    private static void fill(ApplyStatus status, OwnerView view) {
        if (view.epoch() > 0) {
            status.setEpoch(view.epoch());
        }
        status.setPhase(view.phase());
        view.progress()
                .ifPresent(progress -> {
                    status.setApplied(progress.applied());
                    status.setFinalLsn(progress.position().finalLsn());
                    status.setOrdinal(progress.position().ordinal());
                    status.setCommitMicros(progress.commitMicros());
                    Optional<SyncProgress.Held> held = progress.held();
                    status.setHeldMarker(held.map(SyncProgress.Held::marker).orElse(null));
                    status.setChangesBehindMarker(
                            held.map(SyncProgress.Held::changesBehind).orElse(0L));
                    status.setFinalMarker(
                            held.flatMap(SyncProgress.Held::finalMarker)
                                    .map(SyncProgress.Final::id)
                                    .orElse(null));
                    status.setFinalMarkerLsn(
                            held.flatMap(SyncProgress.Held::finalMarker)
                                    .map(SyncProgress.Final::finalLsn)
                                    .orElse(0L));
                });
        if (view.phase() != ApplyPhase.RELEASED) {
            status.setFinalisedFor(view.finalisedFor().orElse(null));
        }
        loadEndedOn(view).ifPresent(status::setLoadEndedOn);
        var notes = new ArrayList<String>(view.notes());
        view.progress().ifPresent(progress -> notes.addAll(progress.notes()));
        status.setNotes(notes);
    }

    /** When the last table's key and indexes stood; empty while one is missing. */
    private static Optional<Instant> loadEndedOn(OwnerView view) {
        Map<TableName, AttemptRow> attempts = byTable(view);
        Instant latest = Instant.EPOCH;
        for (TableName table : view.tables()) {
            AttemptRow attempt = attempts.get(table);
            if (attempt == null || attempt.state() != AttemptRow.State.LOADED) {
                return Optional.empty();
            }
            Instant loaded = attempt.loadedOn().orElse(Instant.EPOCH);
            latest = loaded.isAfter(latest) ? loaded : latest;
        }
        return latest.equals(Instant.EPOCH) ? Optional.empty() : Optional.of(latest);
    }

    /** One record for each target table. */
    static Map<TableName, ApplyTableStatus> tables(String databaseId, OwnerView view) {
        Map<TableName, AttemptRow> attempts = byTable(view);
        var tables = new LinkedHashMap<TableName, ApplyTableStatus>();
        for (TableName table : view.tables()) {
            AttemptRow attempt = attempts.get(table);
            Optional<AttemptRow> known = Optional.ofNullable(attempt);
            tables.put(
                    table,
                    ApplyTableStatus.newBuilder()
                            .setDatabase(databaseId)
                            .setEpoch(view.epoch())
                            .setTarget(table.toAvro())
                            .setGranted(attempt == null ? null : attempt.attempt())
                            .setPhase(phase(attempt, view.indexing().contains(table)))
                            .setRowsLoaded(attempt == null ? 0 : attempt.rows())
                            .setBytesLoaded(attempt == null ? 0 : attempt.bytes())
                            .setLoadEndedOn(
                                    known.filter(row -> row.state() == AttemptRow.State.LOADED)
                                            .flatMap(AttemptRow::loadedOn)
                                            .orElse(null))
                            .setApplied(applied(view, table))
                            .setBroken(
                                    known.filter(row -> row.state() == AttemptRow.State.BROKEN)
                                            .map(AttemptRow::attempt)
                                            .orElse(null))
                            .build());
        }
        return tables;
    }

    private static Counters applied(OwnerView view, TableName table) {
        return view.progress()
                .map(progress -> progress.tables().get(table))
                .orElseGet(() -> new Counters(0L, 0L, 0L, 0L));
    }

    private static ApplyTablePhase phase(@Nullable AttemptRow attempt, boolean indexing) {
        if (attempt == null
                || (attempt.state() == AttemptRow.State.GRANTED && attempt.bytes() == 0)) {
            return ApplyTablePhase.WAITING;
        }
        if (attempt.state() == AttemptRow.State.LOADED) {
            return ApplyTablePhase.LOADED;
        }
        return indexing ? ApplyTablePhase.INDEXING : ApplyTablePhase.LOADING;
    }

    private static Map<TableName, AttemptRow> byTable(OwnerView view) {
        return view.attempts().stream()
                .collect(Collectors.toMap(AttemptRow::target, Function.identity()));
    }

    /** The failures that stand, the one that needs somebody first. */
    static List<Failure> ordered(List<Failure> failures) {
        return failures.stream()
                .sorted(java.util.Comparator.comparing(failure -> !stops(failure)))
                .toList();
    }
}
