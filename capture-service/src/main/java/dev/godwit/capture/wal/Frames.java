// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * How pgoutput messages travel through the engine, many in one record: each is its length (int32)
 * and its bytes. Length −1 stands for a keep-alive and is followed by its WAL end. A message too
 * large to share a record travels as the very array that the driver received, CopyData's 'w' and
 * header included, so that it is never copied.
 */
final class Frames {
    /**
     * 'w', start of the WAL data, current end of the WAL, time (PostgreSQL docs, "Streaming
     * Replication Protocol").
     */
    private static final int XLOG_DATA_HEADER = 25;

    private static final byte XLOG_DATA = 'w';
    private static final byte SHARED = 'F';
    private static final int KEEP_ALIVE = -1;

    private Frames() {}

    /** Takes what a record holds, in order. */
    interface Receiver {
        /** One pgoutput message. The array belongs to the record. */
        void message(byte[] bytes, int from, int length) throws InterruptedException;

        /** All WAL before this position has been sent, and no transaction is half sent. */
        void keepAlive(long walEnd) throws InterruptedException;
    }

    static void read(ByteBuffer content, Receiver receiver) throws InterruptedException {
        byte[] bytes = content.array();
        int from = content.arrayOffset() + content.position();
        int end = content.arrayOffset() + content.limit();
        if (bytes[from] == XLOG_DATA) {
            receiver.message(bytes, from + XLOG_DATA_HEADER, end - from - XLOG_DATA_HEADER);
            return;
        }
        from++;
        while (from < end) {
            int length = BigEndian.int32(bytes, from);
            from += Integer.BYTES;
            if (length == KEEP_ALIVE) {
                receiver.keepAlive(BigEndian.int64(bytes, from));
                from += Long.BYTES;
            } else {
                receiver.message(bytes, from, length);
                from += length;
            }
        }
    }

    /**
     * The driver's own array as a record's content, where it is laid out as expected; a copy
     * otherwise.
     */
    static byte[] alone(ByteBuffer message) {
        byte[] bytes = message.array();
        int from = message.arrayOffset() + message.position();
        if (from == XLOG_DATA_HEADER
                && bytes[0] == XLOG_DATA
                && from + message.remaining() == bytes.length) {
            return bytes;
        }
        byte[] copy = new byte[XLOG_DATA_HEADER + message.remaining()];
        copy[0] = XLOG_DATA;
        message.duplicate().get(copy, XLOG_DATA_HEADER, message.remaining());
        return copy;
    }

    /** Gathers messages until they are worth a record. */
    static final class Gathering {
        private static final int OVERHEAD = 64;

        /** The part of a full record that a Kafka transaction is worth. */
        private static final int WORTH = 8;

        private final int most;
        private final byte[] bytes;
        private int used;

        Gathering(int most) {
            this.most = most;
            this.bytes = new byte[most + OVERHEAD];
            clear();
        }

        boolean isEmpty() {
            return used == 1;
        }

        boolean isWorthIt() {
            return used >= most / WORTH;
        }

        /** Whether a message of this length still fits. */
        boolean fits(int length) {
            return used + Integer.BYTES + length <= most;
        }

        void add(ByteBuffer message) {
            int length = message.remaining();
            BigEndian.putInt32(bytes, used, length);
            message.get(bytes, used + Integer.BYTES, length);
            used += Integer.BYTES + length;
        }

        void addKeepAlive(long walEnd) {
            BigEndian.putInt32(bytes, used, KEEP_ALIVE);
            BigEndian.putInt64(bytes, used + Integer.BYTES, walEnd);
            used += Integer.BYTES + Long.BYTES;
        }

        /** What was gathered, as a record's content; gathering begins anew. */
        byte[] take() {
            byte[] content = Arrays.copyOf(bytes, used);
            clear();
            return content;
        }

        private void clear() {
            bytes[0] = SHARED;
            used = 1;
        }
    }
}
