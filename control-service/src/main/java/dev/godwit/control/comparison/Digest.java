// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import java.math.BigInteger;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * A multiset of rows: how many, and the sum of each half of their 128-bit hashes, which no order
 * changes.
 */
record Digest(long rows, BigInteger high, BigInteger low) {
    static final Digest EMPTY = new Digest(0, BigInteger.ZERO, BigInteger.ZERO);

    /** The one row of {@link RowHash#query}. */
    static Digest of(ResultSet row) throws SQLException {
        return new Digest(
                row.getLong(1),
                row.getBigDecimal(2).toBigInteger(),
                row.getBigDecimal(3).toBigInteger());
    }

    Digest plus(Digest other) {
        return new Digest(rows + other.rows, high.add(other.high), low.add(other.low));
    }
}
