// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Position;
import dev.godwit.schemas.Change;
import dev.godwit.schemas.OldRow;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.codec.RecordCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * Reads a Change of this build's schema straight out of its record (Avro 1.12 specification,
 * "Binary encoding"), without copying its cells. Records of other writers go through the codec.
 */
final class ChangeDecoder {
    private static final long FINGERPRINT = RecordCodec.fingerprint(Change.getClassSchema());
    private static final int HEADER_BYTES = 10;
    private static final Operation[] OPERATIONS = Operation.values();
    private static final OldRow[] OLD_ROWS = OldRow.values();

    private byte[] in = new byte[0];
    private int at;

    /** A Change as it stands in the log, cells in the order of its shape. */
    record Raw(
            int relation,
            Operation operation,
            Position position,
            long commitMicros,
            boolean lastInTransaction,
            OldRow oldRow,
            Cells before,
            Cells after) {}

    /** Whether these bytes are a Change by this build's schema. */
    static boolean reads(byte[] record) {
        return record.length > HEADER_BYTES
                && record[0] == (byte) 0xC3
                && record[1] == 0x01
                && ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).getLong(2) == FINGERPRINT;
    }

    /** Only if it {@link #reads} them. */
    Raw decode(byte[] record) {
        in = record;
        at = HEADER_BYTES;
        int relation = (int) number();
        Operation operation = OPERATIONS[(int) number()];
        long finalLsn = number();
        long ordinal = number();
        number(); // xid
        long commitMicros = number();
        boolean lastInTransaction = in[at++] != 0;
        OldRow oldRow = OLD_ROWS[(int) number()];
        Cells before = cells();
        Cells after = cells();
        in = new byte[0];
        return new Raw(
                relation,
                operation,
                new Position(finalLsn, ordinal),
                commitMicros,
                lastInTransaction,
                oldRow,
                before,
                after);
    }

    /** A Change that the codec has read. */
    static Raw of(Change change) {
        return new Raw(
                change.getRelation(),
                change.getOperation(),
                new Position(change.getFinalLsn(), change.getOrdinal()),
                change.getCommitMicros(),
                change.getLastInTransaction(),
                change.getOldRow(),
                cells(change.getBefore()),
                cells(change.getAfter()));
    }

    private static Cells cells(List<Object> cells) {
        int total = 0;
        for (Object cell : cells) {
            total += cell instanceof ByteBuffer text ? text.remaining() : 0;
        }
        ByteBuffer joined = ByteBuffer.allocate(total);
        int[] start = new int[cells.size()];
        int[] length = new int[cells.size()];
        for (int i = 0; i < length.length; i++) {
            start[i] = joined.position();
            switch (cells.get(i)) {
                case null -> length[i] = Cells.NULL;
                case ByteBuffer text -> {
                    length[i] = text.remaining();
                    joined.put(text.duplicate());
                }
                default -> length[i] = Cells.UNCHANGED;
            }
        }
        return Cells.of(joined.array(), start, length);
    }

    private Cells cells() {
        int[] start = new int[0];
        int[] length = new int[0];
        int filled = 0;
        for (long count = number(); count != 0; count = number()) {
            if (count < 0) {
                count = -count;
                number(); // bytes of the block
            }
            int end = Math.toIntExact(filled + count);
            start = Arrays.copyOf(start, end);
            length = Arrays.copyOf(length, end);
            for (; filled < end; filled++) {
                int branch = (int) number();
                if (branch == 1) {
                    int bytes = (int) number();
                    start[filled] = at;
                    length[filled] = bytes;
                    at += bytes;
                } else if (branch == 0) {
                    length[filled] = Cells.NULL;
                } else {
                    number(); // the only symbol
                    length[filled] = Cells.UNCHANGED;
                }
            }
        }
        return Cells.of(in, start, length);
    }

    /** A zigzag varint. */
    private long number() {
        long raw = 0;
        int shift = 0;
        byte next;
        do {
            next = in[at++];
            raw |= (long) (next & 0x7F) << shift;
            shift += 7;
        } while (next < 0);
        return raw >>> 1 ^ -(raw & 1);
    }
}
