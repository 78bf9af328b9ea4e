// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

/**
 * Where a change stands: the final LSN of its transaction as BEGIN gives it (unsigned), and its
 * ordinal in it from 0. A marker's ordinal is −1. Never to be compared with an LSN that is flushed.
 */
public record Position(long finalLsn, long ordinal) implements Comparable<Position> {
    /** Before every change. */
    public static final Position ORIGIN = new Position(0, -1);

    public boolean atOrBefore(Position other) {
        return compareTo(other) <= 0;
    }

    @Override
    public int compareTo(Position other) {
        int byLsn = Long.compareUnsigned(finalLsn, other.finalLsn);
        return byLsn != 0 ? byLsn : Long.compare(ordinal, other.ordinal);
    }
}
