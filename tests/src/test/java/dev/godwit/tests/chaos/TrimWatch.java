// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import dev.godwit.schemas.topic.Topics;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.RunningMigration;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;

/** Waits for the moment when records of a changes log are deleted because the target holds them. */
final class TrimWatch {
    private final MigrationHarness harness;
    private final TopicPartition partition;

    TrimWatch(MigrationHarness harness, RunningMigration migration) {
        this.harness = harness;
        partition = new TopicPartition(Topics.changes(migration.databaseId()), 0);
    }

    void awaitNext() {
        try (Admin admin = harness.broker().settings().admin()) {
            long before = logStart(admin);
            Awaitility.await("a trim")
                    .atMost(Duration.ofSeconds(90))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> logStart(admin) > before);
        }
    }

    private long logStart(Admin admin) {
        try {
            return admin.listOffsets(Map.of(partition, OffsetSpec.earliest()))
                    .partitionResult(partition)
                    .get()
                    .offset();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
