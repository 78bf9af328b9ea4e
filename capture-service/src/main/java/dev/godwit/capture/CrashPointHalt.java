// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import java.util.concurrent.atomic.AtomicInteger;

/** Ends the process as kill -9 would, at the n-th time that its point is reached. */
final class CrashPointHalt implements CrashPoints {
    private static final int KILLED = 137;

    private final CaptureConfig.CrashAt at;
    private final AtomicInteger left;

    CrashPointHalt(CaptureConfig.CrashAt at) {
        this.at = at;
        this.left = new AtomicInteger(at.times());
    }

    @Override
    public void reach(CrashPoint point) {
        if (point == at.point() && left.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(KILLED);
        }
    }
}
