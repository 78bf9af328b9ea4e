// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How far the log is behind the source's WAL. Bytes say little where other databases write, so it
 * is told in time as well: one end of the WAL is remembered until the stream has passed it. Written
 * by one thread, read by any.
 */
final class WalLag {
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    private record Look(Instant on, long walEnd) {}

    private final Clock clock;
    private @Nullable Look last;
    private @Nullable Look awaited;
    private volatile long bytes;
    private volatile @Nullable Instant capturedUntil;

    WalLag(Clock clock) {
        this.clock = clock;
    }

    /**
     * Looks, unless it did a moment ago.
     *
     * @param walEnd pg_current_wal_insert_lsn()
     * @param captured WAL up to here is in the log
     */
    void look(LongSupplier walEnd, LongSupplier captured) {
        Instant now = clock.instant();
        if (last != null && Duration.between(last.on, now).compareTo(LOOK_EVERY) < 0) {
            return;
        }
        Look look = new Look(now, walEnd.getAsLong());
        last = look;
        long reached = captured.getAsLong();
        bytes = Math.max(0, look.walEnd - reached);
        if (awaited == null) {
            awaited = look;
        } else if (reached >= awaited.walEnd) {
            capturedUntil = awaited.on;
            awaited = look;
        }
    }

    /** Nothing is captured any more. */
    void end() {
        bytes = 0;
    }

    long bytes() {
        return bytes;
    }

    /** What the source had committed then is in the log; empty until one look has proven it. */
    Optional<Instant> capturedUntil() {
        return Optional.ofNullable(capturedUntil);
    }
}
