// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.capture.fixture.Broker;
import dev.godwit.schemas.topic.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a broker leaves hanging cannot be made at will; that nothing else is aborted can be shown.
 */
class HangingTransactionsIT {
    private static final String ID = "hanging";
    private static final String OWNER = "godwit-capture-" + ID;

    @TempDir private static Path folder;

    @Test
    void leaveTheLivingOwnersAlone() throws Exception {
        try (Broker broker = Broker.start(folder.resolve("kafka"));
                Admin admin = broker.settings().admin()) {
            broker.createTopics(ID, 1);
            var changes = new TopicPartition(Topics.changes(ID), 0);
            try (var former = broker.settings().transactionalProducer(OWNER, Map.of());
                    var owner = broker.settings().transactionalProducer(OWNER, Map.of())) {
                former.initTransactions();
                former.beginTransaction();
                former.send(new ProducerRecord<>(changes.topic(), 0, null, new byte[] {1})).get();
                owner.initTransactions();
                owner.beginTransaction();
                owner.send(new ProducerRecord<>(changes.topic(), 0, null, new byte[] {2})).get();

                new HangingTransactions(admin, ID, OWNER).abort();
                owner.commitTransaction();
            }
            try (var reader = broker.settings().consumer(Map.of())) {
                reader.assign(List.of(changes));
                reader.seekToBeginning(List.of(changes));
                var records = reader.poll(Duration.ofSeconds(10)).records(changes);
                assertThat(records)
                        .extracting(message -> message.value()[0])
                        .containsExactly((byte) 2);
            }
        }
    }
}
