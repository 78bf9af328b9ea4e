// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Writes desired states. Only the owner thread has it, so the topic has one writer. */
final class MigrationLog implements AutoCloseable {
    private final KafkaProducer<String, byte[]> producer;
    private final RecordCodec codec;

    MigrationLog(KafkaSettings kafka, SchemaBook book) {
        this.producer = kafka.producer(Map.of("client.id", "control-migrations"));
        this.codec = new RecordCodec(book);
    }

    /** Returns once the broker has it. */
    void write(Migration migration) throws InterruptedException {
        try {
            producer.send(
                            new ProducerRecord<>(
                                    Topics.MIGRATIONS, migration.getId(), codec.encode(migration)))
                    .get();
        } catch (ExecutionException e) {
            throw new MigrationException(
                    ErrorCode.BROKER_FAILED, "Kafka did not take the migration's state", e);
        }
    }

    @Override
    public void close() {
        producer.close(Duration.ZERO);
    }
}
