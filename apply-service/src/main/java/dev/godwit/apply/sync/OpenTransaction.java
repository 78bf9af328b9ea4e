// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

/**
 * The source transaction that the reader stands in: some of its changes are still to be handed out.
 */
final class OpenTransaction {
    private static final long NONE = 0;

    private volatile long finalLsn = NONE;

    /** Before a change of it is handed out. */
    void begin(long transaction) {
        finalLsn = transaction;
    }

    /** After its last change was handed out. */
    void end() {
        finalLsn = NONE;
    }

    boolean none() {
        return finalLsn == NONE;
    }

    boolean is(long transaction) {
        return finalLsn == transaction;
    }
}
