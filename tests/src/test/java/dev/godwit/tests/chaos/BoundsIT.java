// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.StreamState;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.topic.KafkaSchemaBook;
import dev.godwit.schemas.topic.Topics;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.workload.Shop;
import dev.godwit.tests.workload.Writer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.postgresql.replication.LogSequenceNumber;

/**
 * Invariants 4 and 7: the slot stays behind the log, and memory stays bounded, each service in 256
 * MB.
 */
@MigrationTest(Mode.PROCESSES)
class BoundsIT {
    private static final boolean SOAK = MigrationHarness.SOAK;
    private static final int ROWS = SOAK ? 10_000_000 : 300_000;
    private static final int ROWS_OF_ONE_TRANSACTION = SOAK ? 2_000_000 : 200_000;
    private static final int WIDE = SOAK ? 8_000_000 : 3_000_000;

    private final MigrationHarness harness;

    BoundsIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void theSlotIsNeverFlushedPastTheLog() throws Exception {
        Database source = Shop.fill(Shop.create(harness.database(15, "flush_source")), 2_000);
        Database target = Shop.create(harness.database(18, "flush_target"));
        try (Writer writer =
                Writer.start(source, MigrationHarness.seeded("flush").nextLong(), 3, 200)) {
            RunningMigration migration = harness.migrate(source, target);
            migration.awaitState("ready_to_cutover");
            String slot = "godwit_" + migration.databaseId();
            try (KafkaSchemaBook book = KafkaSchemaBook.open(harness.broker().settings());
                    KafkaConsumer<String, byte[]> consumer =
                            harness.broker().settings().consumer(Map.of())) {
                TopicPartition state = new TopicPartition(Topics.state(migration.databaseId()), 0);
                consumer.assign(List.of(state));
                consumer.seekToBeginning(List.of(state));
                RecordCodec codec = new RecordCodec(book);
                long advanced = 0;
                long previous = 0;
                long flushable = 0;
                for (int look = 0; look < (SOAK ? 2_000 : 150); look++) {
                    if (look % 60 == 30) {
                        harness.processes().kill(Service.CAPTURE);
                        harness.processes().start(Service.CAPTURE);
                    }
                    long confirmed = confirmed(source, slot);
                    flushable =
                            Math.max(flushable, newestFlushable(consumer, codec, state).orElse(0));
                    assertThat(confirmed).isLessThanOrEqualTo(flushable);
                    advanced += confirmed > previous ? 1 : 0;
                    previous = confirmed;
                }
                assertThat(advanced).as("the slot moves").isGreaterThan(5);
            }
            migration.cutOver(true);
            assertThat(writer.fenced()).isTrue();
        }
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void bigTablesTransactionsAndRowsPassThroughLittleMemory() {
        Database source = harness.database(15, "bounds_source");
        Database target = harness.database(18, "bounds_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE big (id int PRIMARY KEY, a int, v text)",
                    "CREATE TABLE wide (id int PRIMARY KEY, b bytea)");
        }
        source.execute(
                "INSERT INTO big SELECT i, i %% 97, repeat('x', 80) FROM generate_series(1, %d) i"
                        .formatted(ROWS),
                wide(1));

        RunningMigration migration = harness.migrate(source, target);
        migration.await(
                "ready",
                Duration.ofMinutes(SOAK ? 60 : 5),
                status -> status.state().equals("ready_to_cutover"));
        source.execute(
                "UPDATE big SET a = a + 1 WHERE id <= " + ROWS_OF_ONE_TRANSACTION,
                wide(2),
                "UPDATE wide SET b = b || '\\x00'::bytea");
        migration.await(
                "all of it captured",
                Duration.ofMinutes(SOAK ? 60 : 5),
                status -> status.incoming() == ROWS_OF_ONE_TRANSACTION + 3);
        migration.await(
                "pending 0", Duration.ofMinutes(SOAK ? 60 : 5), status -> status.pending() == 0);
        migration.cutOver(false);

        MigrationHarness.requireEqual(source, target);
        for (Service service : Service.values()) {
            assertThat(harness.processes().process(service).alive())
                    .as(service + " lives")
                    .isTrue();
        }
    }

    private static String wide(int id) {
        return "INSERT INTO wide SELECT %d, decode(string_agg(md5(i::text), ''), 'hex') FROM generate_series(1, %d) i"
                .formatted(id, WIDE / 16);
    }

    private static long confirmed(Database source, String slot) {
        String lsn =
                source.value(
                        "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '"
                                + slot
                                + "'");
        return LogSequenceNumber.valueOf(java.util.Objects.requireNonNull(lsn)).asLong();
    }

    private static OptionalLong newestFlushable(
            KafkaConsumer<String, byte[]> consumer, RecordCodec codec, TopicPartition partition) {
        OptionalLong newest = OptionalLong.empty();
        long end =
                java.util.Objects.requireNonNull(
                        consumer.endOffsets(List.of(partition)).get(partition));
        while (consumer.position(partition) < end) {
            for (ConsumerRecord<String, byte[]> message : consumer.poll(Duration.ofMillis(200))) {
                if (Topics.STREAM_KEY.equals(message.key()) && message.value() != null) {
                    newest =
                            OptionalLong.of(
                                    codec.decode(message.value(), StreamState.class)
                                            .getFlushableLsn());
                }
            }
        }
        return newest;
    }
}
