// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers in network byte order, in the middle of an array. */
final class BigEndian {
    private static final VarHandle INT16 =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT32 =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT64 =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private BigEndian() {}

    static int int16(byte[] bytes, int at) {
        return (short) INT16.get(bytes, at);
    }

    static int int32(byte[] bytes, int at) {
        return (int) INT32.get(bytes, at);
    }

    static long int64(byte[] bytes, int at) {
        return (long) INT64.get(bytes, at);
    }

    static void putInt32(byte[] bytes, int at, int value) {
        INT32.set(bytes, at, value);
    }

    static void putInt64(byte[] bytes, int at, long value) {
        INT64.set(bytes, at, value);
    }
}
