// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

/**
 * How a load reads and cuts.
 *
 * @param workers sessions that read side by side; more than the load topic has partitions are not
 *     used
 * @param backlogBytesMax un-applied bytes above which no new piece begins
 * @param rowBytesMax a row whose text is wider is refused
 * @param wideRowBytes rows from this width on are read by one worker at a time
 * @param pieceBytes of COPY text at most, unless one row is wider
 * @param blockBytes of COPY text in one Kafka record
 */
public record LoadSettings(
        int workers,
        long backlogBytesMax,
        long rowBytesMax,
        long wideRowBytes,
        long pieceBytes,
        int blockBytes) {
    private static final long WIDE_ROW_BYTES = 8 << 20;
    private static final long PIECE_BYTES = 64 << 20;
    private static final int BLOCK_BYTES = 512 << 10;

    public static LoadSettings of(int workers, long backlogBytesMax, long rowBytesMax) {
        return new LoadSettings(
                workers, backlogBytesMax, rowBytesMax, WIDE_ROW_BYTES, PIECE_BYTES, BLOCK_BYTES);
    }
}
