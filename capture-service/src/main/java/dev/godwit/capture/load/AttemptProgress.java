// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.source.SourceTable;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableLoad;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One attempt of one target table under way: chunks that are left, records that are not yet
 * acknowledged. It settles once, when it is whole or has failed, and nobody works on it any more.
 */
final class AttemptProgress {
    private final TableLoad load;
    private final List<SourceTable> sources;
    private final Consumer<AttemptProgress> whenSettled;
    private final int[] pieces;
    private int chunksLeft;
    private int chunksInWork;
    private int unacknowledged;
    private long rows;
    private long bytes;
    private boolean settled;
    private @Nullable Throwable failure;

    AttemptProgress(
            TableLoad load,
            List<SourceTable> sources,
            int chunks,
            Consumer<AttemptProgress> whenSettled) {
        this.load = load;
        this.sources = List.copyOf(sources);
        this.pieces = new int[chunks];
        this.chunksLeft = chunks;
        this.whenSettled = whenSettled;
    }

    TableLoad load() {
        return load;
    }

    TableName target() {
        return TableName.of(load.getTarget());
    }

    long rowsEstimate() {
        long estimate = 0;
        for (SourceTable source : sources) {
            if (source.rowsEstimate() < 0) {
                return -1;
            }
            estimate += source.rowsEstimate();
        }
        return estimate;
    }

    /** False when the attempt has failed: the chunk is not worth reading. */
    synchronized boolean beginChunk() {
        if (failure != null) {
            return false;
        }
        chunksInWork++;
        return true;
    }

    synchronized void sending() {
        unacknowledged++;
    }

    void acknowledged(@Nullable Exception refused) {
        update(() -> {
            unacknowledged--;
            if (refused != null && failure == null) {
                failure = refused;
            }
        });
    }

    synchronized void read(long moreRows, long moreBytes) {
        rows += moreRows;
        bytes += moreBytes;
    }

    void chunkEnded(int chunk, int pieceCount) {
        update(() -> {
            pieces[chunk] = pieceCount;
            chunksLeft--;
            chunksInWork--;
        });
    }

    void chunkFailed(Throwable cause) {
        update(() -> {
            chunksInWork--;
            if (failure == null) {
                failure = cause;
            }
        });
    }

    synchronized @Nullable Throwable failure() {
        return failure;
    }

    synchronized List<Integer> pieces() {
        return java.util.Arrays.stream(pieces).boxed().toList();
    }

    synchronized long rows() {
        return rows;
    }

    synchronized long bytes() {
        return bytes;
    }

    private void update(Runnable change) {
        boolean settles;
        synchronized (this) {
            change.run();
            boolean idle = chunksInWork == 0 && unacknowledged == 0;
            settles = !settled && idle && (chunksLeft == 0 || failure != null);
            settled |= settles;
        }
        if (settles) {
            whenSettled.accept(this);
        }
    }
}
