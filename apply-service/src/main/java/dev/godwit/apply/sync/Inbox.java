// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Records on their way from the polling thread to the reader. It is bounded by the polling thread
 * pausing while it is full.
 */
final class Inbox {
    /** What a record costs beside its value. */
    private static final int RECORD_BYTES = 200;

    private final long bytesMax;
    private final AtomicLong bytes = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();
    private final ArrayDeque<ConsumerRecord<String, byte[]>> arrived = new ArrayDeque<>();
    private final ArrayDeque<ConsumerRecord<String, byte[]>> drained = new ArrayDeque<>();
    private boolean signalled;
    private OptionalLong rewind = OptionalLong.empty();
    private OptionalLong dropUntil = OptionalLong.empty();

    Inbox(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    void accept(List<ConsumerRecord<String, byte[]>> records) {
        lock.lock();
        try {
            for (ConsumerRecord<String, byte[]> each : records) {
                if (dropUntil.isPresent() && each.offset() != dropUntil.getAsLong()) {
                    continue;
                }
                dropUntil = OptionalLong.empty();
                arrived.add(each);
                bytes.addAndGet(size(each));
            }
            news.signal();
        } finally {
            lock.unlock();
        }
    }

    boolean full() {
        return bytes.get() >= bytesMax;
    }

    /** Wakes the reader without a record. */
    void signal() {
        lock.lock();
        try {
            signalled = true;
            news.signal();
        } finally {
            lock.unlock();
        }
    }

    /** The next record; empty when the time is over or something else has happened. */
    Optional<ConsumerRecord<String, byte[]>> next(Duration patience) throws InterruptedException {
        ConsumerRecord<String, byte[]> ready = drained.poll();
        if (ready == null) {
            await(patience);
            ready = drained.poll();
        }
        if (ready == null) {
            return Optional.empty();
        }
        bytes.addAndGet(-size(ready));
        return Optional.of(ready);
    }

    private void await(Duration patience) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = patience.toNanos();
            while (arrived.isEmpty() && !signalled && left > 0) {
                left = news.awaitNanos(left);
            }
            signalled = false;
            drained.addAll(arrived);
            arrived.clear();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a signal and leaves the records where they are. */
    void awaitSignal(Duration patience) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = patience.toNanos();
            while (!signalled && left > 0) {
                left = news.awaitNanos(left);
            }
            signalled = false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Forgets what is here; asks for the log from this offset, and takes nothing until it comes.
     */
    void rewindTo(long offset) {
        lock.lock();
        try {
            arrived.clear();
            drained.clear();
            bytes.set(0);
            rewind = OptionalLong.of(offset);
            dropUntil = rewind;
        } finally {
            lock.unlock();
        }
    }

    /** The offset to seek to, once. */
    OptionalLong takeRewind() {
        lock.lock();
        try {
            OptionalLong taken = rewind;
            rewind = OptionalLong.empty();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private static int size(ConsumerRecord<String, byte[]> each) {
        byte[] value = each.value();
        return RECORD_BYTES + (value == null ? 0 : value.length);
    }
}
