// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

/** How a command ended; scripts read the exit code. */
public enum Outcome {
    COMPLETED(0),
    FAILED(1),
    USAGE(2),
    CHECKS_FAILED(3),
    CUTOVER_REFUSED(4),
    /** By a signal; the same command goes on. */
    INTERRUPTED(130);

    private final int exitCode;

    Outcome(int exitCode) {
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
