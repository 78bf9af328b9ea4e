// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.topic.Topics;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Shop;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * Somebody removes changes that the target has not taken: that is never a beginning. The migration
 * stops and says so, the target keeps what it has, and a cancel still cleans up both sides.
 */
@MigrationTest(Mode.PROCESSES)
class LostLogIT {
    private final MigrationHarness harness;
    private final Database source;
    private final Database target;

    LostLogIT(MigrationHarness harness) {
        this.harness = harness;
        source = Shop.fill(Shop.create(harness.database(15, "lost_source")), 200);
        target = Shop.create(harness.database(18, "lost_target"));
    }

    @Test
    void stopsWhereRecordsAreGone() throws Exception {
        RunningMigration migration = migrationWithChangesThatWait();
        try (Admin admin = harness.broker().settings().admin()) {
            var changes = new TopicPartition(Topics.changes(migration.databaseId()), 0);
            admin.deleteRecords(Map.of(changes, RecordsToDelete.beforeOffset(-1))).all().get();
        }
        harness.processes().start(Service.APPLY);

        requireStopped(migration, "LOG_TRIMMED");
    }

    @Test
    void stopsWhereTheTopicIsAnother() throws Exception {
        RunningMigration migration = migrationWithChangesThatWait();
        harness.processes().stop(Service.CAPTURE);
        String topic = Topics.changes(migration.databaseId());
        try (Admin admin = harness.broker().settings().admin()) {
            admin.deleteTopics(List.of(topic)).all().get();
            Awaitility.await("the topic is made anew").until(() -> created(admin, topic));
        }
        harness.processes().start(Service.CAPTURE);
        harness.processes().start(Service.APPLY);

        requireStopped(migration, "LOG_FOREIGN");
    }

    private RunningMigration migrationWithChangesThatWait() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute("INSERT INTO scratch VALUES (1, 'arrives')");
        migration.await("it is applied", status -> status.applied() == 1);
        harness.processes().stop(Service.APPLY);
        long before = migration.status().incoming();
        source.execute("INSERT INTO scratch SELECT i, 'waits' FROM generate_series(2, 100) i");
        migration.await("they are captured", status -> status.incoming() == before + 99);
        return migration;
    }

    private void requireStopped(RunningMigration migration, String code) {
        DatabaseStatus failed = migration.awaitState("failed");
        assertThat(failed.failureCode()).isEqualTo(code);
        assertThat(target.value("SELECT string_agg(what, ',') FROM scratch")).isEqualTo("arrives");

        migration.cancelled();

        assertThat(
                        source.number(
                                "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"))
                .isZero();
        assertThat(source.number("SELECT count(*) FROM pg_publication")).isZero();
        assertThat(target.value("SELECT to_regnamespace('godwit')")).isNull();
    }

    /** Kafka removes a topic after it has answered. */
    private static boolean created(Admin admin, String topic) throws InterruptedException {
        try {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(1), Optional.empty())))
                    .all()
                    .get();
            return true;
        } catch (ExecutionException stillThere) {
            return false;
        }
    }
}
