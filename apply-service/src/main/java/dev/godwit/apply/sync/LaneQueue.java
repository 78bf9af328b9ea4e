// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What waits for one lane, bounded in bytes and items. The reader waits while it is full, the lane
 * while it is empty; both are interrupted when the worker stops.
 */
final class LaneQueue {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    private final int rowsMax;
    private final long bytesMax;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final Condition work = lock.newCondition();
    private final ArrayDeque<LaneItem> items = new ArrayDeque<>();
    private long bytes;

    LaneQueue(int rowsMax, long bytesMax) {
        this.rowsMax = rowsMax;
        this.bytesMax = bytesMax;
    }

    /** Adds an item as soon as there is room; one that is wider than the bound waits for empty. */
    void put(LaneItem item) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!items.isEmpty()
                    && (bytes + item.bytes() > bytesMax || items.size() >= rowsMax)) {
                room.await();
            }
            items.add(item);
            bytes += item.bytes();
            if (items.size() == 1) {
                work.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * The next batch: all that is there, up to the bounds; a barrier ends it, and a change of a key
     * is a batch of its own.
     */
    List<LaneItem> take(int rowsMost, long bytesMost) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (items.isEmpty()) {
                work.await();
            }
            var batch = new ArrayList<LaneItem>(Math.min(items.size(), rowsMost));
            long taken = 0;
            while (!items.isEmpty() && batch.size() < rowsMost) {
                LaneItem next = items.peek();
                if (!batch.isEmpty() && (taken + next.bytes() > bytesMost || alone(next))) {
                    break;
                }
                items.remove();
                batch.add(next);
                taken += next.bytes();
                if (alone(next) || next instanceof LaneItem.Barrier) {
                    break;
                }
            }
            bytes -= taken;
            room.signal();
            return batch;
        } finally {
            lock.unlock();
        }
    }

    /**
     * What follows of one source transaction, up to its end, a barrier or the bound: empty if it
     * has ended.
     */
    List<LaneItem> takeRest(long finalLsn, OpenTransaction transaction, long bytesMost)
            throws InterruptedException {
        lock.lockInterruptibly();
        try {
            var rest = new ArrayList<LaneItem>();
            long taken = 0;
            while (true) {
                // In this order: what it hands out before it ends is then in the queue.
                boolean open = transaction.is(finalLsn);
                while (!items.isEmpty()
                        && items.peek().transaction() == finalLsn
                        && taken <= bytesMost) {
                    LaneItem next = items.remove();
                    taken += next.bytes();
                    bytes -= next.bytes();
                    rest.add(next);
                }
                room.signal();
                if (!items.isEmpty() || !open) {
                    return rest;
                }
                work.await(LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
            }
        } finally {
            lock.unlock();
        }
    }

    private static boolean alone(LaneItem item) {
        return item instanceof RowChange change && change.keyChange();
    }
}
