// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.partition;

import dev.godwit.postgres.MigrationException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Takes the records of one assigned partition to the target. The polling thread calls every method
 * here and touches no database; the worker does its work on threads of its own, from a buffer that
 * is bounded by {@link #full()}.
 *
 * <p>A worker is one-shot: once it has failed it is closed and another is made, which reads the
 * ledger anew.
 */
public interface PartitionWorker extends AutoCloseable {
    /**
     * The offset to read from, which the ledger holds; empty until the worker has minted its epoch
     * and read it. The partition is paused until then. Does not change afterwards.
     */
    OptionalLong startOffset();

    /** Takes records in log order and returns at once. */
    void accept(List<ConsumerRecord<String, byte[]>> records);

    /**
     * Where to read from again: the log must be sought there before the next poll. Given once;
     * empty as a rule.
     */
    default OptionalLong rewind() {
        return OptionalLong.empty();
    }

    /** Whether the buffer has reached its bound: the partition is paused while it has. */
    boolean full();

    /**
     * The offset of the first record that the target does not durably hold as done: what lies
     * before it is trimmed. It is the ledger's, never ahead of it; empty until known.
     */
    OptionalLong durableOffset();

    /**
     * Why the worker has stopped, empty while it runs. What is {@code AUTOMATIC} is tried again
     * with a new worker.
     */
    Optional<MigrationException> failure();

    /**
     * Whether a newer owner has taken the partition: this worker stands still and is not tried
     * again.
     */
    default boolean fenced() {
        return false;
    }

    /**
     * Stops the threads and closes the connections. What was not committed is rolled back. Returns
     * within seconds.
     */
    @Override
    void close();
}
