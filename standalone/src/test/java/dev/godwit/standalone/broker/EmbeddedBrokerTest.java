// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.broker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.TopicAdmin;
import dev.godwit.schemas.topic.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class EmbeddedBrokerTest {
    @TempDir private Path directory;

    @Test
    void keepsCommittedRecordsOverARestartOnAnotherPort() throws Exception {
        // Given
        try (var broker = EmbeddedBroker.start(directory)) {
            var kafka = KafkaSettings.at(broker.bootstrapServers());
            try (var admin = kafka.admin()) {
                new TopicAdmin(admin, (short) 0).createShared();
            }
            writeInATransaction(kafka, "one", true);
            writeInATransaction(kafka, "lost", false);
        }

        // When
        try (var broker = EmbeddedBroker.start(directory)) {
            var kafka = KafkaSettings.at(broker.bootstrapServers());
            writeInATransaction(kafka, "two", true);

            // Then
            assertThat(values(kafka, 2)).containsExactly("one", "two");
        }
    }

    private static void writeInATransaction(KafkaSettings kafka, String value, boolean commit)
            throws Exception {
        try (var producer =
                kafka.producer(
                        Map.of("transactional.id", "test", "transaction.timeout.ms", 900_000))) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(Topics.AUDIT, value, value.getBytes(UTF_8))).get();
            if (commit) {
                producer.commitTransaction();
            } else {
                producer.abortTransaction();
            }
        }
    }

    private static List<String> values(KafkaSettings kafka, int expected) {
        var partition = new TopicPartition(Topics.AUDIT, 0);
        var values = new ArrayList<String>();
        try (var consumer = kafka.consumer(Map.of())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            while (values.size() < expected) {
                consumer.poll(Duration.ofSeconds(1)).forEach(read -> values.add(read.key()));
            }
        }
        return values;
    }
}
