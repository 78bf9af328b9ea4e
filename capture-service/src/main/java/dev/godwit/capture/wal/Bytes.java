// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import java.nio.charset.StandardCharsets;

/** Reads one message's fields in order. */
final class Bytes {
    private final byte[] bytes;
    private final int end;
    private int at;

    Bytes(byte[] bytes, int from, int length) {
        this.bytes = bytes;
        this.at = from;
        this.end = from + length;
    }

    int int8() {
        return bytes[require(1)];
    }

    int int16() {
        return BigEndian.int16(bytes, require(Short.BYTES));
    }

    int int32() {
        return BigEndian.int32(bytes, require(Integer.BYTES));
    }

    long int64() {
        return BigEndian.int64(bytes, require(Long.BYTES));
    }

    /** Null-terminated. */
    String string() {
        int from = at;
        while (bytes[require(1)] != 0) {
            // until its end
        }
        return new String(bytes, from, at - from - 1, StandardCharsets.UTF_8);
    }

    String text(int length) {
        return new String(bytes, require(length), length, StandardCharsets.UTF_8);
    }

    private int require(int length) {
        int from = at;
        if (length < 0 || end - from < length) {
            throw new PgOutputException("a message ends within a field");
        }
        at = from + length;
        return from;
    }
}
