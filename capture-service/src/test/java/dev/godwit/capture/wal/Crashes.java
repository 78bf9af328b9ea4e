// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Breaks the writing thread off at a crash point, once, as if the process died there and another
 * took over.
 */
final class Crashes implements CrashPoints {
    private @Nullable CrashPoint armed;
    private int left;
    private CountDownLatch crashed = new CountDownLatch(1);

    /** The n-th time that the point is reached from now on. */
    synchronized void arm(CrashPoint point, int n) {
        armed = point;
        left = n;
        crashed = new CountDownLatch(1);
    }

    void await() throws InterruptedException {
        CountDownLatch latch;
        synchronized (this) {
            latch = crashed;
        }
        if (!latch.await(60, TimeUnit.SECONDS)) {
            throw new AssertionError("the crash point was not reached");
        }
    }

    @Override
    public synchronized void reach(CrashPoint point) {
        if (point == armed && --left == 0) {
            armed = null;
            crashed.countDown();
            throw new IllegalStateException("crashed at " + point);
        }
    }
}
