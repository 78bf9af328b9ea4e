// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Records between the polling thread and one worker, bounded in bytes: {@link #full()} is the
 * polling thread's sign to pause.
 */
final class RecordBuffer {
    private final long bytesMost;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition filled = lock.newCondition();
    private final ArrayDeque<ConsumerRecord<String, byte[]>> records = new ArrayDeque<>();
    private long bytes;

    /**
     * Records before this offset are dropped, and those after it until it has come; -1: none is.
     */
    private long expected = -1;

    RecordBuffer(long bytesMost) {
        this.bytesMost = bytesMost;
    }

    void add(List<ConsumerRecord<String, byte[]>> more) {
        lock.lock();
        try {
            for (ConsumerRecord<String, byte[]> next : more) {
                if (expected >= 0 && next.offset() != expected) {
                    continue;
                }
                expected = -1;
                records.add(next);
                bytes += next.value() == null ? 0 : next.value().length;
            }
            filled.signal();
        } finally {
            lock.unlock();
        }
    }

    boolean full() {
        lock.lock();
        try {
            return bytes >= bytesMost;
        } finally {
            lock.unlock();
        }
    }

    /** The next record, which stays; empty if none comes in time. */
    Optional<ConsumerRecord<String, byte[]>> peek(Duration most) throws InterruptedException {
        lock.lock();
        try {
            long nanos = most.toNanos();
            while (records.isEmpty()) {
                if (nanos <= 0) {
                    return Optional.empty();
                }
                nanos = filled.awaitNanos(nanos);
            }
            return Optional.of(records.getFirst());
        } finally {
            lock.unlock();
        }
    }

    /** Takes the record that {@link #peek} has shown. */
    void drop() {
        lock.lock();
        try {
            ConsumerRecord<String, byte[]> taken = records.removeFirst();
            bytes -= taken.value() == null ? 0 : taken.value().length;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Forgets everything and goes on with the record of this offset, which the log is now sought
     * to.
     */
    void restartAt(long offset) {
        lock.lock();
        try {
            records.clear();
            bytes = 0;
            expected = offset;
        } finally {
            lock.unlock();
        }
    }
}
