// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits, on its owner's thread, for what control wants, until the owner is closed. */
final class DesiredWatch {
    private static final Duration TICK = Duration.ofMillis(50);

    private final Supplier<Optional<Desired>> desired;
    private volatile boolean closed;

    DesiredWatch(Supplier<Optional<Desired>> desired) {
        this.desired = desired;
    }

    /**
     * What control wants now; waits while there is nothing to do.
     *
     * @throws InterruptedException if the owner was closed while it waited
     */
    Desired wanted() throws InterruptedException {
        Optional<Desired> now = desired.get().filter(Desired::active);
        while (now.isEmpty()) {
            pause();
            now = desired.get().filter(Desired::active);
        }
        return now.get();
    }

    /**
     * What control wants now, without waiting for anything.
     *
     * @param otherwise if that is nothing
     */
    Desired latest(Desired otherwise) {
        return desired.get().orElse(otherwise);
    }

    /**
     * Returns when it is time to look again.
     *
     * @throws InterruptedException if the owner is closed
     */
    void pause() throws InterruptedException {
        LockSupport.parkNanos(this, TICK.toNanos());
        if (closed || Thread.interrupted()) {
            throw new InterruptedException("closed");
        }
    }

    boolean closed() {
        return closed;
    }

    /** The next pause is the last; a thread that waits elsewhere is still to be interrupted. */
    void close() {
        closed = true;
    }
}
