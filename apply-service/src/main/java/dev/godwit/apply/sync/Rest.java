// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Lets other threads act while the reader rests with all lanes level. */
final class Rest {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int wanted;
    private long wantedSince;
    private boolean resting;
    private boolean over;

    boolean wanted() {
        lock.lock();
        try {
            return wanted > 0;
        } finally {
            lock.unlock();
        }
    }

    /** Whether somebody has waited that long. */
    boolean wantedFor(Duration time) {
        lock.lock();
        try {
            return wanted > 0 && System.nanoTime() - wantedSince >= time.toNanos();
        } finally {
            lock.unlock();
        }
    }

    /** Asks the reader to rest; {@link #await} returns when it does. */
    void want() {
        lock.lock();
        try {
            if (wanted == 0) {
                wantedSince = System.nanoTime();
            }
            wanted++;
        } finally {
            lock.unlock();
        }
    }

    /** Returns false if the worker has stopped instead. */
    boolean await() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!resting && !over) {
                changed.await();
            }
            return !over;
        } finally {
            lock.unlock();
        }
    }

    void release() {
        lock.lock();
        try {
            wanted--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The reader's part, with all lanes level: returns when nobody wants a rest any more. */
    void rest() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            resting = true;
            changed.signalAll();
            while (wanted > 0 && !over) {
                changed.await();
            }
        } finally {
            resting = false;
            lock.unlock();
        }
    }

    /** The worker has stopped: nobody waits any longer. */
    void end() {
        lock.lock();
        try {
            over = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
