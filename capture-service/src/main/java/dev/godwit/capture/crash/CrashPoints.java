// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.crash;

/**
 * Is told when a crash point is reached. A test's halts the process there; production's does
 * nothing.
 */
@FunctionalInterface
public interface CrashPoints {
    void reach(CrashPoint point);

    static CrashPoints none() {
        return point -> {};
    }
}
