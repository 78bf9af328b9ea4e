// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.sync.SyncProgress;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyPhase;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Which phase an owner is in, from what it knows. Pure. */
final class OwnerPhases {
    private OwnerPhases() {}

    /** By the attempts alone: nothing granted, some loading, or all loaded. */
    static ApplyPhase of(List<TableName> tables, List<AttemptRow> attempts) {
        if (attempts.isEmpty()) {
            return ApplyPhase.PREPARING;
        }
        Set<TableName> loaded =
                attempts.stream()
                        .filter(row -> row.state() == AttemptRow.State.LOADED)
                        .map(AttemptRow::target)
                        .collect(Collectors.toSet());
        return loaded.containsAll(tables) ? ApplyPhase.SYNCING : ApplyPhase.LOADING;
    }

    /**
     * The view with the sync's progress: one that stands at a marker is held, and finalised if that
     * is done for this marker.
     */
    static OwnerView withProgress(OwnerView view, SyncProgress progress) {
        ApplyPhase phase = view.phase();
        if (phase == ApplyPhase.SYNCING && progress.held().isPresent()) {
            boolean finalised =
                    view.finalisedFor().isPresent()
                            && view.finalisedFor()
                                    .equals(progress.held().map(SyncProgress.Held::marker));
            phase = finalised ? ApplyPhase.FINALISED : ApplyPhase.HELD;
        }
        return new OwnerView(
                view.epoch(),
                phase,
                Optional.of(progress),
                view.tables(),
                view.attempts(),
                view.indexing(),
                view.finalisedFor(),
                view.failures(),
                view.notes());
    }

    static OwnerView finalising(OwnerView view) {
        return new OwnerView(
                view.epoch(),
                ApplyPhase.FINALISING,
                view.progress(),
                view.tables(),
                view.attempts(),
                view.indexing(),
                view.finalisedFor(),
                view.failures(),
                view.notes());
    }
}
