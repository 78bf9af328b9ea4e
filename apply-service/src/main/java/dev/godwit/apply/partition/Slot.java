// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.partition;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One assigned partition: its worker, and when the next one may be tried. Belongs to the polling
 * thread.
 */
final class Slot {
    private static final Duration BACKOFF_LEAST = Duration.ofMillis(500);
    private static final Duration BACKOFF_MOST = Duration.ofSeconds(15);
    private static final Duration HEALTHY = Duration.ofSeconds(60);

    /** Where the worker stands. */
    private sealed interface Life {
        /** It reads its ledger, or takes records. */
        record Running(PartitionWorker worker, int retriesSeen, boolean positioned, Instant since)
                implements Life {}

        /**
         * @param retriesSeen as they were when the worker started: what the operator asked for
         *     since, it may not have seen
         */
        record Closing(
                CompletableFuture<Void> done, Instant reopen, int retriesSeen, boolean automatic)
                implements Life {}
    }

    private final TopicPartition partition;
    private final Workers workers;
    private final Clock clock;
    private Life life;
    private int failures;
    private long handedNext = -1;
    private long committed = -1;
    private long trimmed = -1;

    Slot(TopicPartition partition, Workers workers, Clock clock) {
        this.partition = partition;
        this.workers = workers;
        this.clock = clock;
        this.life = open();
    }

    TopicPartition partition() {
        return partition;
    }

    private Life.Running open() {
        handedNext = -1;
        int retries = workers.retries(partition);
        return new Life.Running(workers.open(partition), retries, false, clock.instant());
    }

    /** The running worker, if its place in the log is found. */
    @Nullable PartitionWorker positioned() {
        return life instanceof Life.Running running && running.positioned ? running.worker : null;
    }

    /** Looks after the worker, and returns where to seek to if it asks for that. */
    OptionalLong tend() {
        return switch (life) {
            case Life.Running running -> tend(running);
            case Life.Closing closing -> {
                if (closing.done.isDone() && mayReopen(closing)) {
                    life = open();
                }
                yield OptionalLong.empty();
            }
        };
    }

    private OptionalLong tend(Life.Running running) {
        if (running.worker.failure().isPresent()) {
            fail(running.worker.failure().get());
            return OptionalLong.empty();
        }
        if (running.worker.fenced()) {
            // If the group has moved the partition, it tells us before this is tried again.
            closeLater(true);
            return OptionalLong.empty();
        }
        if (!running.positioned) {
            OptionalLong start = running.worker.startOffset();
            if (start.isPresent()) {
                life = new Life.Running(running.worker, running.retriesSeen, true, clock.instant());
            }
            return start;
        }
        return running.worker.rewind();
    }

    private boolean mayReopen(Life.Closing closing) {
        return closing.automatic
                ? !clock.instant().isBefore(closing.reopen)
                : workers.retries(partition) > closing.retriesSeen;
    }

    void fail(MigrationException failure) {
        workers.failed(partition, failure);
        closeLater(failure.code().retry() == ErrorCode.Retry.AUTOMATIC);
    }

    private void closeLater(boolean automatic) {
        if (life instanceof Life.Running running) {
            failures =
                    Duration.between(running.since, clock.instant()).compareTo(HEALTHY) > 0
                            ? 1
                            : failures + 1;
            Duration backoff = BACKOFF_LEAST.multipliedBy(1L << Math.min(failures - 1, 6));
            backoff = backoff.compareTo(BACKOFF_MOST) > 0 ? BACKOFF_MOST : backoff;
            life =
                    new Life.Closing(
                            closing(running.worker),
                            clock.instant().plus(backoff),
                            running.retriesSeen,
                            automatic);
        }
    }

    /**
     * Closes the worker beside the polling thread; the partition is ours no more once this is done.
     */
    CompletableFuture<Void> release() {
        CompletableFuture<Void> done =
                switch (life) {
                    case Life.Running running -> closing(running.worker);
                    case Life.Closing closing -> closing.done;
                };
        return done.thenRun(() -> workers.released(partition));
    }

    private static CompletableFuture<Void> closing(PartitionWorker worker) {
        var done = new CompletableFuture<Void>();
        Thread.ofVirtual()
                .name("close-worker")
                .start(() -> {
                    try {
                        worker.close();
                    } finally {
                        done.complete(null);
                    }
                });
        return done;
    }

    void handed(long nextOffset) {
        handedNext = nextOffset;
    }

    /**
     * What the group should be told: the position once all that was handed out is durable, else the
     * durable offset; empty if it knows.
     */
    OptionalLong toCommit(long position) {
        OptionalLong durable = durable();
        if (durable.isEmpty()) {
            return OptionalLong.empty();
        }
        boolean caughtUp =
                handedNext >= 0
                        ? durable.getAsLong() >= handedNext
                        : durable.getAsLong() == position;
        long offset = caughtUp ? Math.max(position, durable.getAsLong()) : durable.getAsLong();
        return offset == committed ? OptionalLong.empty() : OptionalLong.of(offset);
    }

    void committed(long offset) {
        committed = offset;
    }

    /**
     * What may be deleted from the log: all before the offset that the ledger durably holds; empty
     * if it is gone already.
     */
    OptionalLong toTrim() {
        OptionalLong durable = durable();
        return durable.isPresent() && durable.getAsLong() > 0 && durable.getAsLong() != trimmed
                ? durable
                : OptionalLong.empty();
    }

    void trimmed(long offset) {
        trimmed = offset;
    }

    private OptionalLong durable() {
        PartitionWorker worker = positioned();
        return worker == null ? OptionalLong.empty() : worker.durableOffset();
    }
}
