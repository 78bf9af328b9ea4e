// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.partition;

import dev.godwit.postgres.MigrationException;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/** What the polling thread needs to know of the migrations. No method waits for anything. */
public interface Workers {
    /** The topics to read now. */
    Set<String> topics();

    /** Starts a worker for a partition that the group has assigned to us. */
    PartitionWorker open(TopicPartition partition);

    /**
     * A number that rises when the operator asks to retry, or to cancel, the migration of this
     * partition.
     */
    int retries(TopicPartition partition);

    /**
     * A worker has stopped; it is tried again by itself if the code says so, else when {@link
     * #retries} has risen.
     */
    void failed(TopicPartition partition, MigrationException failure);

    /** The partition is no longer ours, and its worker is closed. */
    void released(TopicPartition partition);
}
