// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Position;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where the reader stands in the log: behind which change and before which record, and at which
 * marker it holds. Idle lanes are told of it every now and then, so that the ledger's position
 * follows the log. Belongs to the reader's thread.
 */
final class Standing {
    private static final Duration LEVEL_EVERY = Duration.ofMillis(200);
    private static final Duration IDLE = Duration.ofSeconds(1);

    private final LaneSet lanes;
    private Position position;
    private long offset;
    private long leveledOffset;
    private long leveledAt = System.nanoTime();
    private @Nullable Hold hold;

    Standing(LaneSet lanes, Position position, long offset) {
        this.lanes = lanes;
        this.position = position;
        this.offset = offset;
        this.leveledOffset = offset;
    }

    /** Of the last change or marker that was handed out or passed. */
    Position position() {
        return position;
    }

    void passed(Position next) {
        position = next;
    }

    /** All records below this offset are done with. */
    void readUpTo(long next) {
        offset = next;
    }

    /** Null while the sync goes on. */
    @Nullable Hold hold() {
        return hold;
    }

    void holdAt(Hold marker) {
        hold = marker;
    }

    void holdNoMore() {
        hold = null;
    }

    /** The log comes again from the marker. */
    void backTo(Hold marker) {
        position = marker.position();
        offset = marker.offset();
        leveledOffset = offset;
    }

    /** Tells the lanes; held lanes stay where the marker is. */
    void level() throws InterruptedException {
        if (hold == null) {
            lanes.level(position, offset);
        }
        leveledOffset = offset;
        leveledAt = System.nanoTime();
    }

    void levelIfDue() throws InterruptedException {
        if (offset > leveledOffset && System.nanoTime() - leveledAt >= LEVEL_EVERY.toNanos()) {
            level();
        }
    }

    /** How long a record may be waited for. */
    Duration untilLevel() {
        if (offset <= leveledOffset) {
            return IDLE;
        }
        long left = LEVEL_EVERY.toNanos() - (System.nanoTime() - leveledAt);
        return Duration.ofNanos(Math.max(left, 1));
    }
}
