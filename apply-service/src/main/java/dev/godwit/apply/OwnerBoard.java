// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.sync.ChangesWorker;
import dev.godwit.schemas.ApplyPhase;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an owner's thread shows to others: the sync that is running, and what is known. That thread
 * alone writes it.
 */
final class OwnerBoard {
    private volatile @Nullable ChangesWorker sync;
    private volatile Optional<OwnerView> view = Optional.empty();

    /** Null while none is running. */
    @Nullable ChangesWorker sync() {
        return sync;
    }

    /**
     * What is known now, with the newest progress of the sync; empty until the target has been
     * reached.
     */
    Optional<OwnerView> view() {
        return view.map(known -> withProgress(known, sync));
    }

    /**
     * Before it has read the ledger, the sync knows no counters; they must not seem to fall to
     * zero.
     */
    private static OwnerView withProgress(OwnerView known, @Nullable ChangesWorker sync) {
        return sync == null || sync.durableOffset().isEmpty()
                ? known
                : OwnerPhases.withProgress(known, sync.progress());
    }

    void show(OwnerView now) {
        view = Optional.of(now);
    }

    void finalising() {
        view = view.map(OwnerPhases::finalising);
    }

    void begun(ChangesWorker running) {
        sync = running;
    }

    /** The sync's last progress stays known when it is gone. */
    void ended(ChangesWorker last) {
        view = view.map(known -> withProgress(known, last));
        sync = null;
    }

    /** Nothing of ours is left on the target; what was known before stays known. */
    void released(long epoch, List<String> notes) {
        Optional<OwnerView> before = view();
        sync = null;
        List<String> all = new ArrayList<>(before.map(OwnerView::notes).orElse(List.of()));
        all.addAll(notes);
        view =
                Optional.of(
                        new OwnerView(
                                before.map(OwnerView::epoch).orElse(epoch),
                                ApplyPhase.RELEASED,
                                before.flatMap(OwnerView::progress),
                                List.of(),
                                List.of(),
                                Set.of(),
                                Optional.empty(),
                                List.of(),
                                all));
    }
}
