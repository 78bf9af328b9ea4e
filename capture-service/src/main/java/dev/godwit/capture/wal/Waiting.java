// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many records lie in the engine's queue. The reading thread looks before it reads on: in
 * Debezium's full queue it would wait until it is interrupted, deaf to the engine's end.
 */
final class Waiting {
    /** Enough to keep the handler busy. */
    private static final int MOST = 2;

    /** One look may bring two: what was gathered, and a wide message behind it. */
    static final int QUEUE = MOST + 2;

    private final AtomicInteger records = new AtomicInteger();

    boolean enough() {
        return records.get() >= MOST;
    }

    void handedOn() {
        records.incrementAndGet();
    }

    void taken(int count) {
        records.addAndGet(-count);
    }
}
