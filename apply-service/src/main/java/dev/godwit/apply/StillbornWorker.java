// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.partition.PartitionWorker;
import dev.godwit.postgres.MigrationException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Stands for a worker that could not be started, and says why. */
record StillbornWorker(MigrationException because) implements PartitionWorker {
    @Override
    public OptionalLong startOffset() {
        return OptionalLong.empty();
    }

    @Override
    public void accept(List<ConsumerRecord<String, byte[]>> records) {
        throw new IllegalStateException("its partition is paused");
    }

    @Override
    public boolean full() {
        return true;
    }

    @Override
    public OptionalLong durableOffset() {
        return OptionalLong.empty();
    }

    @Override
    public Optional<MigrationException> failure() {
        return Optional.of(because);
    }

    @Override
    public void close() {
        // It has nothing.
    }
}
