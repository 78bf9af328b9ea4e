// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import java.math.BigInteger;

/**
 * A multiset of rows: how many, and the sum of each half of their 128-bit hashes, which no order
 * changes.
 */
record Digest(long rows, BigInteger high, BigInteger low) {
    static final Digest EMPTY = new Digest(0, BigInteger.ZERO, BigInteger.ZERO);

    Digest plus(Digest other) {
        return new Digest(rows + other.rows, high.add(other.high), low.add(other.low));
    }
}
