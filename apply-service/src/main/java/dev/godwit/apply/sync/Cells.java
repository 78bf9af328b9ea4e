// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One image of a row: the text of each column, as slices of the record it came in, so that nothing
 * is copied on the way. The order is that of the target table's columns once {@link #arranged}.
 */
final class Cells {
    /** Lengths that are none. */
    static final int NULL = -1;

    static final int UNCHANGED = -2;

    /** The source table has no such column. */
    static final int ABSENT = -3;

    private final byte[][] bytes;
    private final int[] start;
    private final int[] length;

    private Cells(byte[][] bytes, int[] start, int[] length) {
        this.bytes = bytes;
        this.start = start;
        this.length = length;
    }

    /** Slices of one record. */
    static Cells of(byte[] record, int[] start, int[] length) {
        return new Cells(new byte[][] {record}, start, length);
    }

    int size() {
        return length.length;
    }

    byte[] bytes(int column) {
        return bytes.length == 1 ? bytes[0] : bytes[column];
    }

    int start(int column) {
        return start[column];
    }

    /** Bytes of the text, or one of {@link #NULL}, {@link #UNCHANGED}, {@link #ABSENT}. */
    int length(int column) {
        return length[column];
    }

    boolean written(int column) {
        return length[column] >= NULL;
    }

    String text(int column) {
        return new String(bytes(column), start[column], length[column], StandardCharsets.UTF_8);
    }

    long totalBytes() {
        long total = 0;
        for (int each : length) {
            total += Math.max(each, 0);
        }
        return total;
    }

    /** In the order of the target: position i goes to {@code target[i]}, nowhere if negative. */
    Cells arranged(int[] target, int columns) {
        int[] starts = new int[columns];
        int[] lengths = new int[columns];
        Arrays.fill(lengths, ABSENT);
        for (int column = 0; column < length.length; column++) {
            if (target[column] >= 0) {
                starts[target[column]] = start[column];
                lengths[target[column]] = length[column];
            }
        }
        return new Cells(bytes, starts, lengths);
    }

    /** This image, with what it does not carry taken from an older one. */
    Cells over(Cells older) {
        int gap = 0;
        while (gap < length.length && written(gap)) {
            gap++;
        }
        if (gap == length.length) {
            return this;
        }
        byte[][] merged = new byte[length.length][];
        int[] starts = start.clone();
        int[] lengths = length.clone();
        for (int column = 0; column < length.length; column++) {
            Cells from = written(column) ? this : older;
            merged[column] = from.bytes(column);
            starts[column] = from.start[column];
            lengths[column] = from.length[column];
        }
        // One column would read as one shared record, which is the same.
        return new Cells(merged, starts, lengths);
    }

    boolean sameText(int column, Cells other) {
        int mine = length[column];
        if (mine != other.length[column]) {
            return false;
        }
        return mine <= 0
                || Arrays.equals(
                        bytes(column),
                        start[column],
                        start[column] + mine,
                        other.bytes(column),
                        other.start[column],
                        other.start[column] + mine);
    }

    /** A hash of the text that is the same in every process and version. */
    int hash(int column, int seed) {
        int hash = seed * 31 + length[column];
        byte[] text = bytes(column);
        for (int i = start[column], end = i + Math.max(length[column], 0); i < end; i++) {
            hash = hash * 31 + text[i];
        }
        return hash;
    }
}
