// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.Change;
import dev.godwit.schemas.OldRow;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.codec.RecordCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Writes a Change in Avro's single-object encoding straight from pgoutput's tuples: the same bytes
 * that {@link RecordCodec} writes (Avro 1.12 specification, "Binary Encoding"), without an object
 * per cell. One for a thread.
 */
final class ChangeEncoder {
    private static final byte[] HEADER =
            ByteBuffer.allocate(10)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put((byte) 0xC3)
                    .put((byte) 0x01)
                    .putLong(RecordCodec.fingerprint(Change.getClassSchema()))
                    .array();

    /** Longest header: eight numbers and two flags. */
    private static final int FIXED_BYTES_MAX = 96;

    /**
     * A cell takes one byte and its length before its text, in pgoutput five; never more than six
     * here.
     */
    private static final int MORE_PER_CELL = 1;

    private static final int SCRATCH_BYTES = 64 * 1024;

    private static final byte UNION_NULL = 0;
    private static final byte UNION_BYTES = 2;
    private static final byte UNION_UNCHANGED = 4;
    private static final byte UNCHANGED_TOAST = 0;

    private final byte[] scratch = new byte[SCRATCH_BYTES];
    private byte[] out = scratch;
    private int at;
    private int in;
    private int hash;
    private int lastFlagAt;

    /**
     * Where the flag "last in transaction" lies in what {@link #encode} has returned. It is 0
     * there; 1 means last.
     */
    int lastFlagAt() {
        return lastFlagAt;
    }

    /** Hash of the row's key in what {@link #encode} has read. */
    int keyHash() {
        return hash;
    }

    /**
     * @param bytes the record that holds the message
     * @param from where the message's first tuple begins, at its kind ('N', 'K' or 'O')
     * @param end of the message
     */
    byte[] encode(
            Relation relation,
            Operation operation,
            Transaction transaction,
            long ordinal,
            byte[] bytes,
            int from,
            int end) {
        int most =
                FIXED_BYTES_MAX
                        + (end - from)
                        + MORE_PER_CELL * 2 * relation.shape().getColumns().size();
        boolean narrow = most <= scratch.length;
        out = narrow ? scratch : new byte[most];
        at = HEADER.length;
        in = from;
        System.arraycopy(HEADER, 0, out, 0, HEADER.length);
        number(relation.oid());
        number(
                switch (operation) {
                    case INSERT -> 0;
                    case UPDATE -> 1;
                    case DELETE -> 2;
                });
        number(transaction.finalLsn());
        number(ordinal);
        number(transaction.xid());
        number(transaction.commitMicros());
        lastFlagAt = at;
        out[at++] = 0;
        tuples(relation, operation, bytes, end);
        byte[] encoded = narrow || at < out.length ? Arrays.copyOf(out, at) : out;
        out = scratch;
        return encoded;
    }

    private void tuples(Relation relation, Operation operation, byte[] bytes, int end) {
        OldRow old =
                switch (bytes[in]) {
                    case 'K' -> OldRow.KEY;
                    case 'O' -> OldRow.FULL;
                    case 'N' -> OldRow.NONE;
                    default -> throw new PgOutputException("unknown kind of tuple");
                };
        number(
                switch (old) {
                    case NONE -> 0;
                    case KEY -> 1;
                    case FULL -> 2;
                });
        if (old == OldRow.NONE) {
            out[at++] = 0;
        } else {
            in++;
            tuple(relation, bytes, false);
        }
        if (in < end) {
            if (bytes[in++] != 'N') {
                throw new PgOutputException("a new tuple was expected");
            }
            tuple(relation, bytes, operation == Operation.INSERT);
        } else {
            out[at++] = 0;
        }
        if (in != end) {
            throw new PgOutputException("a message goes on behind its tuples");
        }
    }

    /**
     * One tuple.
     *
     * @param whole no value may be missing: there is no row yet that would keep it
     */
    private void tuple(Relation relation, byte[] bytes, boolean whole) {
        int count = BigEndian.int16(bytes, in);
        in += Short.BYTES;
        hash = 0;
        int width = relation.width(count);
        if (width > 0) {
            number(width);
        }
        int column = 0;
        for (int place = 0; place < count; place++) {
            if (!relation.keeps(place)) {
                skip(bytes);
                continue;
            }
            switch (bytes[in++]) {
                case 't' -> {
                    int length = BigEndian.int32(bytes, in);
                    in += Integer.BYTES;
                    out[at++] = UNION_BYTES;
                    number(length);
                    System.arraycopy(bytes, in, out, at, length);
                    if (relation.hashed(column)) {
                        hash(bytes, in, length);
                    }
                    at += length;
                    in += length;
                }
                case 'n' -> out[at++] = UNION_NULL;
                case 'u' -> {
                    if (whole) {
                        throw incomplete(relation);
                    }
                    out[at++] = UNION_UNCHANGED;
                    out[at++] = UNCHANGED_TOAST;
                }
                default -> throw new PgOutputException("unknown kind of column");
            }
            column++;
        }
        out[at++] = 0;
    }

    private void skip(byte[] bytes) {
        switch (bytes[in++]) {
            case 't' -> in += Integer.BYTES + BigEndian.int32(bytes, in);
            case 'n', 'u' -> {}
            default -> throw new PgOutputException("unknown kind of column");
        }
    }

    /** PostgreSQL makes an insert of an update that takes a row into a publication's filter. */
    private static MigrationException incomplete(Relation relation) {
        return new MigrationException(
                ErrorCode.FILTER_ROW_INCOMPLETE,
                "an update took a row of table %s into the row filter, without a large value that it left as it was"
                        .formatted(relation.source()));
    }

    private void hash(byte[] bytes, int from, int length) {
        int h = hash;
        for (int i = from; i < from + length; i++) {
            h = 31 * h + bytes[i];
        }
        hash = 31 * h + length;
    }

    /** Zigzag, seven bits a byte, least first. */
    private void number(long value) {
        long rest = (value << 1) ^ (value >> 63);
        while ((rest & ~0x7FL) != 0) {
            out[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        out[at++] = (byte) rest;
    }
}
