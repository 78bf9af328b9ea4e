// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The records that are handed on and not yet committed: in the handler, and in the engine's queue.
 * The reading thread looks before it reads on: in Debezium's full queue it would wait until it is
 * interrupted, deaf to the engine's end. As long as the handler is busy it gathers more, since a
 * Kafka transaction costs the same for much as for little.
 */
final class Waiting {
    /** One in the handler, the next at hand when that is committed, and one in reserve. */
    private static final int MOST = 3;

    /** One look may bring two: what was gathered, and a wide message behind it. */
    static final int QUEUE = MOST + 2;

    private final AtomicInteger records = new AtomicInteger();
    private int taken;

    boolean none() {
        return records.get() <= 0;
    }

    boolean enough() {
        return records.get() >= MOST;
    }

    void handedOn() {
        records.incrementAndGet();
    }

    /** The engine polls again when the handler has ended. Of the polling thread alone. */
    void handled() {
        records.addAndGet(-taken);
        taken = 0;
    }

    void taken(int count) {
        taken = count;
    }
}
