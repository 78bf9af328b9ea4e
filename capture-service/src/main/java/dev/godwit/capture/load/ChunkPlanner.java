// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.source.SourceTable;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Cuts a table into chunks by its size, so that all workers have work and none has all of it. */
final class ChunkPlanner {
    static final long CHUNK_LEAST = 16L << 20;
    static final long CHUNK_MOST = 512L << 20;

    /** Chunks for each worker of a big table: the last to end is then not long alone. */
    private static final int CHUNKS_A_WORKER = 4;

    private ChunkPlanner() {}

    /** How many chunks a table of this size is worth. */
    static int count(long bytes, int workers) {
        long fair = bytes / ((long) workers * CHUNKS_A_WORKER);
        long size = Math.max(CHUNK_LEAST, Math.min(CHUNK_MOST, fair));
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, ceiling(bytes, size)));
    }

    /** By blocks: from 14 on a range of them is read without reading the rest. */
    static List<Chunk> byBlocks(SourceTable table, int workers) {
        long blocks = ceiling(table.heapBytes(), table.blockBytes());
        long count = Math.min(count(table.bytes(), workers), Math.max(1, blocks));
        if (count == 1) {
            return List.of(new Chunk.Whole());
        }
        long each = ceiling(blocks, count);
        var chunks = new ArrayList<Chunk>();
        for (long from = 0; from < blocks; from += each) {
            boolean last = from + each >= blocks;
            chunks.add(
                    new Chunk.Blocks(
                            from, last ? OptionalLong.empty() : OptionalLong.of(from + each)));
        }
        return List.copyOf(chunks);
    }

    /** By an integer key, in ranges of equal width; whole without one. */
    static List<Chunk> byKey(SourceTable table, Optional<KeyBounds> bounds, int workers) {
        int count = count(table.bytes(), workers);
        if (count == 1 || bounds.isEmpty() || table.integerKey().isEmpty()) {
            return List.of(new Chunk.Whole());
        }
        String column = table.integerKey().get();
        List<Long> cuts = cuts(bounds.get(), count);
        var chunks = new ArrayList<Chunk>();
        OptionalLong from = OptionalLong.empty();
        for (long cut : cuts) {
            chunks.add(new Chunk.Keys(column, from, OptionalLong.of(cut)));
            from = OptionalLong.of(cut);
        }
        chunks.add(new Chunk.Keys(column, from, OptionalLong.empty()));
        return List.copyOf(chunks);
    }

    /** Strictly rising keys between the bounds. */
    private static List<Long> cuts(KeyBounds bounds, int count) {
        BigInteger least = BigInteger.valueOf(bounds.least());
        BigInteger width = BigInteger.valueOf(bounds.greatest()).subtract(least);
        var cuts = new ArrayList<Long>();
        long former = bounds.least();
        for (int i = 1; i < count; i++) {
            long cut =
                    least.add(
                                    width.multiply(BigInteger.valueOf(i))
                                            .divide(BigInteger.valueOf(count)))
                            .longValueExact();
            if (cut > former) {
                cuts.add(cut);
                former = cut;
            }
        }
        return cuts;
    }

    private static long ceiling(long dividend, long divisor) {
        return dividend / divisor + (dividend % divisor == 0 ? 0 : 1);
    }
}
