// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.ledger;

/**
 * Where a change stands: the final LSN of its transaction as BEGIN gives it (unsigned), and its
 * ordinal in it.
 */
public record Position(long finalLsn, long ordinal) implements Comparable<Position> {
    /** Before every change. */
    public static final Position START = new Position(0, Long.MIN_VALUE);

    @Override
    public int compareTo(Position other) {
        int byLsn = Long.compareUnsigned(finalLsn, other.finalLsn);
        return byLsn != 0 ? byLsn : Long.compare(ordinal, other.ordinal);
    }

    /** As PostgreSQL writes an LSN, and the ordinal: {@code 0/16B3748#3}. */
    @Override
    public String toString() {
        return "%X/%X#%d".formatted(finalLsn >>> 32, finalLsn & 0xFFFF_FFFFL, ordinal);
    }
}
