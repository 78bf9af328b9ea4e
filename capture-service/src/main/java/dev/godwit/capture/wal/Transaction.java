// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

/**
 * A committed transaction of the source, as BEGIN announces it.
 *
 * @param commitMicros since 1970
 */
record Transaction(long finalLsn, long commitMicros, long xid) {
    private static final long MICROS_1970_TO_2000 = 946_684_800_000_000L;

    static Transaction read(Bytes begin) {
        return new Transaction(
                begin.int64(),
                begin.int64() + MICROS_1970_TO_2000,
                Integer.toUnsignedLong(begin.int32()));
    }
}
