// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.load.TableProgress;
import dev.godwit.capture.publish.Progress;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.CaptureTablePhase;
import dev.godwit.schemas.CaptureTableStatus;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.TableLoad;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An owner's view as the records of godwit.status. */
final class StatusRecords {
    private StatusRecords() {}

    static CaptureStatus summary(String databaseId, OwnerView view, Instant now) {
        CaptureStatus.Builder status =
                CaptureStatus.newBuilder()
                        .setDatabase(databaseId)
                        .setEpoch(view.epoch())
                        .setPhase(view.phase())
                        .setReportedOn(now)
                        .setRetriesSeen(view.retriesSeen())
                        .setFailure(view.failure().map(MigrationException::toFailure).orElse(null))
                        .setWaitingFor(view.waitingFor())
                        .setCapturedLsn(view.capturedLsn())
                        .setUncapturedWalBytes(view.uncapturedWalBytes())
                        .setCapturedUntil(view.capturedUntil().orElse(null))
                        .setFencedOn(view.fencedOn().orElse(null))
                        .setWishesSeen(view.wishesSeen())
                        .setLoadStartedOn(loadStartedOn(view))
                        .setLoadEndedOn(loadEndedOn(view))
                        .setCaptured(none())
                        .setFlushableLsn(0);
        view.progress().ifPresent(progress -> add(status, progress));
        return status.build();
    }

    private static void add(CaptureStatus.Builder status, Progress progress) {
        status.setCaptured(progress.captured())
                .setFlushableLsn(progress.flushableLsn())
                .setMarker(progress.marker().orElse(null))
                .setChangesBehindMarker(progress.changesBehindMarker())
                .setSequencesFor(progress.sequencesFor().orElse(null));
    }

    static Map<TableName, CaptureTableStatus> tables(String databaseId, OwnerView view) {
        var tables = new HashMap<TableName, CaptureTableStatus>();
        view.sources()
                .forEach((target, sources) ->
                        tables.put(
                                target,
                                table(
                                        databaseId,
                                        view,
                                        target,
                                        sources,
                                        Optional.ofNullable(view.tables().get(target)))));
        return tables;
    }

    private static CaptureTableStatus table(
            String databaseId,
            OwnerView view,
            TableName target,
            List<TableName> sources,
            Optional<TableProgress> progress) {
        Optional<TableLoad> load = progress.map(TableProgress::load);
        return CaptureTableStatus.newBuilder()
                .setDatabase(databaseId)
                .setEpoch(view.epoch())
                .setTarget(target.toAvro())
                .setPhase(progress.map(TableProgress::phase).orElse(CaptureTablePhase.WAITING))
                .setAttempt(load.map(known -> known.getAttempt().getNumber()).orElse(0))
                .setRowsEstimate(progress.map(TableProgress::rowsEstimate).orElse(-1L))
                .setRowsRead(progress.map(TableProgress::rowsRead).orElse(0L))
                .setBytesRead(progress.map(TableProgress::bytesRead).orElse(0L))
                .setStartedOn(load.map(TableLoad::getStartedOn).orElse(null))
                .setEndedOn(load.map(TableLoad::getEndedOn).orElse(null))
                .setCaptured(captured(view, sources))
                .build();
    }

    private static Counters captured(OwnerView view, List<TableName> sources) {
        Counters sum = none();
        for (TableName source : sources) {
            view.progress()
                    .map(progress -> progress.tables().get(source))
                    .ifPresent(counters -> {
                        sum.setInserts(sum.getInserts() + counters.getInserts());
                        sum.setUpdates(sum.getUpdates() + counters.getUpdates());
                        sum.setDeletes(sum.getDeletes() + counters.getDeletes());
                        sum.setTruncates(sum.getTruncates() + counters.getTruncates());
                    });
        }
        return sum;
    }

    private static @Nullable Instant loadStartedOn(OwnerView view) {
        return view.tables().values().stream()
                .map(table -> table.load().getStartedOn())
                .filter(Objects::nonNull)
                .min(Comparator.naturalOrder())
                .orElse(null);
    }

    private static @Nullable Instant loadEndedOn(OwnerView view) {
        boolean whole =
                view.sources().keySet().stream()
                        .allMatch(target -> {
                            TableProgress table = view.tables().get(target);
                            return table != null && table.load().getEnded();
                        });
        return whole
                ? view.tables().values().stream()
                        .map(table -> table.load().getEndedOn())
                        .filter(Objects::nonNull)
                        .max(Comparator.naturalOrder())
                        .orElse(null)
                : null;
    }

    private static Counters none() {
        return new Counters(0L, 0L, 0L, 0L);
    }
}
