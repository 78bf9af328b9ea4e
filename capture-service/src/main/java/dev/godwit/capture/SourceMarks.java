// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.source.SourceControl;
import dev.godwit.schemas.SourceObjects;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What stands on the source because of us, recorded before it is made, so that any later owner can
 * undo it. Without a log nothing can be recorded, and nothing was made.
 */
final class SourceMarks {
    private final SourceControl source;
    private final @Nullable ChangeLog log;
    private final CrashPoints crashPoints;
    private final Clock clock;
    private SourceObjects objects;
    private volatile @Nullable Instant fencedOn;

    SourceMarks(
            SourceControl source, @Nullable ChangeLog log, CrashPoints crashPoints, Clock clock) {
        this.source = source;
        this.log = log;
        this.crashPoints = crashPoints;
        this.clock = clock;
        Optional<SourceObjects> recorded =
                log == null ? Optional.empty() : log.recovered().sourceObjects();
        this.objects = recorded.orElseGet(() -> new SourceObjects(false, false, null, null));
    }

    /** Since when the source is fenced, as far as this owner has seen to it. */
    Optional<Instant> fencedOn() {
        return Optional.ofNullable(fencedOn);
    }

    /** Slot and publication are about to be made. */
    void willCreate() throws InterruptedException {
        if (!objects.getSlot()) {
            record(next -> {
                next.setSlot(true);
                next.setPublication(true);
            });
        }
    }

    /**
     * Fences the source once; what its setting was before is recorded once and never overwritten.
     */
    void fence() throws InterruptedException {
        if (fencedOn != null) {
            return;
        }
        String before =
                objects.getFencedOn() == null
                        ? source.readOnlySetting().orElse(null)
                        : objects.getReadOnlyBefore();
        Instant since = objects.getFencedOn() == null ? clock.instant() : objects.getFencedOn();
        // Again at each try: who may still write the log is the owner, and only the owner fences.
        record(next -> {
            next.setReadOnlyBefore(before);
            next.setFencedOn(since);
        });
        crashPoints.reach(CrashPoint.BEFORE_FENCE);
        source.raiseFence();
        crashPoints.reach(CrashPoint.AFTER_FENCE);
        fencedOn = objects.getFencedOn();
    }

    /** Everything but the fence is dropped. */
    void release() throws InterruptedException {
        crashPoints.reach(CrashPoint.BEFORE_RELEASE);
        source.release();
        crashPoints.reach(CrashPoint.AFTER_RELEASE);
        fencedOn = objects.getFencedOn();
        record(next -> {
            next.setSlot(false);
            next.setPublication(false);
        });
    }

    /** The database's setting is what it was. */
    void lowerFence() throws InterruptedException {
        if (objects.getFencedOn() != null) {
            source.lowerFence(Optional.ofNullable(objects.getReadOnlyBefore()));
            record(next -> {
                next.setFencedOn(null);
                next.setReadOnlyBefore(null);
            });
        }
        fencedOn = null;
    }

    /** What the log does not have yet is not so. */
    private void record(Consumer<SourceObjects> change) throws InterruptedException {
        SourceObjects next = SourceObjects.newBuilder(objects).build();
        change.accept(next);
        if (log != null) {
            log.record(next);
        }
        objects = next;
    }
}
