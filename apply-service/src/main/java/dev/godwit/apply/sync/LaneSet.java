// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Position;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** All lanes, as the reader sees them: where each began, and how to bring them level. */
final class LaneSet {
    private final List<Lane> lanes;
    private final List<Position> begun;

    LaneSet(List<Lane> lanes, List<Position> begun) {
        this.lanes = List.copyOf(lanes);
        this.begun = List.copyOf(begun);
    }

    int size() {
        return lanes.size();
    }

    /** The lane of a hash: the same in every process while the number of lanes is. */
    int of(int hash) {
        int mixed = hash * 0x9E3779B9;
        return Math.floorMod(mixed ^ mixed >>> 16, lanes.size());
    }

    /** Whether this lane had done the change before this worker began. */
    boolean done(int lane, Position position) {
        return position.compareTo(begun.get(lane)) <= 0;
    }

    /** Whether every lane had passed the position before this worker began. */
    boolean allDone(Position position) {
        for (int lane = 0; lane < lanes.size(); lane++) {
            if (!done(lane, position)) {
                return false;
            }
        }
        return true;
    }

    /** Whether some lane had passed the position before this worker began. */
    boolean anyDone(Position position) {
        return begun.stream().anyMatch(each -> position.compareTo(each) <= 0);
    }

    /** Whether some lane had gone further than the position before this worker began. */
    boolean anyBeyond(Position position) {
        return begun.stream().anyMatch(each -> position.compareTo(each) < 0);
    }

    void put(int lane, LaneItem item) throws InterruptedException {
        lanes.get(lane).queue().put(item);
    }

    /** Tells idle lanes how far the log has been handed out. */
    void level(Position position, long offset) throws InterruptedException {
        var level = new LaneItem.Level(position, offset);
        for (Lane lane : lanes) {
            lane.queue().put(level);
        }
    }

    /** Returns when every lane has committed all that it was given. */
    void barrier() throws InterruptedException {
        var reached = new CountDownLatch(lanes.size());
        for (Lane lane : lanes) {
            lane.queue().put(new LaneItem.Barrier(reached));
        }
        reached.await();
    }

    /**
     * Returns when every lane has done what comes before this position; none has done what comes
     * behind.
     *
     * @throws MigrationException INTERNAL if some lane had passed the position before this worker
     *     began
     */
    void barrierAt(Position next) throws InterruptedException {
        if (anyDone(next)) {
            throw new MigrationException(
                    ErrorCode.INTERNAL,
                    "a lane is beyond %s, where all must stand level".formatted(next));
        }
        barrier();
    }
}
