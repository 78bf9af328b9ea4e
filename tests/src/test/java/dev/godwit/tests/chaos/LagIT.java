// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.topic.Topics;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Shop;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Kafka's own tools see the pending changes as the lag of the group godwit-apply. */
@MigrationTest(Mode.PROCESSES)
class LagIT {
    private final MigrationHarness harness;

    LagIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void risesWhileApplyIsStoppedAndIsZeroAtPendingZero() throws Exception {
        Database source = Shop.fill(Shop.create(harness.database(15, "lag_source")), 500);
        Database target = Shop.create(harness.database(18, "lag_target"));
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        try (Admin admin = harness.broker().settings().admin()) {
            awaitLagZero(admin, migration);

            harness.processes().stop(Service.APPLY);
            change(source, migration, 1, 1_000);
            long first = lag(admin, migration);
            change(source, migration, 2_001, 3_000);
            long second = lag(admin, migration);
            assertThat(first).isPositive();
            assertThat(second).isGreaterThan(first);
            assertThat(migration.status().pending()).isEqualTo(2_000);

            harness.processes().start(Service.APPLY);
            migration.awaitNothingPending();
            awaitLagZero(admin, migration);
        }
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    private static void change(Database source, RunningMigration migration, int from, int to) {
        long before = migration.status().incoming();
        source.execute(
                "INSERT INTO scratch SELECT i, 'lag' FROM generate_series(%d, %d) i"
                        .formatted(from, to));
        migration.await("they are captured", status -> status.incoming() == before + to - from + 1);
    }

    private void awaitLagZero(Admin admin, RunningMigration migration) {
        Awaitility.await("lag 0")
                .atMost(Duration.ofSeconds(60))
                .until(() -> lag(admin, migration) == 0);
    }

    /**
     * As kafka-consumer-groups computes it: end offsets less the group's committed offsets, over
     * load and changes.
     */
    private static long lag(Admin admin, RunningMigration migration)
            throws InterruptedException, ExecutionException {
        String id = migration.databaseId();
        Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
        admin.listConsumerGroupOffsets(Topics.APPLY_GROUP)
                .partitionsToOffsetAndMetadata()
                .get()
                .forEach((partition, offset) -> {
                    if (offset != null
                            && (partition.topic().equals(Topics.changes(id))
                                    || partition.topic().equals(Topics.load(id)))) {
                        committed.put(partition, offset);
                    }
                });
        assertThat(committed).containsKey(new TopicPartition(Topics.changes(id), 0));
        Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
        committed.keySet().forEach(partition -> latest.put(partition, OffsetSpec.latest()));
        long lag = 0;
        for (Map.Entry<TopicPartition, ListOffsetsResultInfo> end :
                admin.listOffsets(latest).all().get().entrySet()) {
            OffsetAndMetadata offset = committed.get(end.getKey());
            lag += end.getValue().offset() - (offset == null ? 0 : offset.offset());
        }
        return lag;
    }
}
