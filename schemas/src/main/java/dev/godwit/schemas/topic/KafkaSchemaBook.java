// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.topic;

import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.avro.Schema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The book in {@code godwit.schemas}. Opening it publishes this build's schemas, so no record of
 * ours is ahead of its schema.
 */
public final class KafkaSchemaBook implements SchemaBook, AutoCloseable {
    private static final Duration START_MOST = Duration.ofSeconds(60);

    private final Map<Long, Schema> schemas = new ConcurrentHashMap<>();
    private final TopicFollower follower;

    private KafkaSchemaBook(KafkaSettings kafka) {
        this.follower =
                TopicFollower.start(
                        kafka,
                        Topics.SCHEMAS,
                        message -> {
                            if (message.value() != null) {
                                schemas.put(
                                        Long.parseUnsignedLong(message.key(), 16),
                                        new Schema.Parser()
                                                .parse(
                                                        new String(
                                                                message.value(),
                                                                StandardCharsets.UTF_8)));
                            }
                        });
    }

    public static KafkaSchemaBook open(KafkaSettings kafka)
            throws InterruptedException, TimeoutException, ExecutionException {
        var book = new KafkaSchemaBook(kafka);
        book.follower.awaitCaughtUp(START_MOST);
        try (var producer = kafka.producer(Map.of("client.id", "schemas"))) {
            for (Schema schema : RecordCodec.ownSchemas()) {
                long fingerprint = RecordCodec.fingerprint(schema);
                if (!book.schemas.containsKey(fingerprint)) {
                    producer.send(
                                    new ProducerRecord<>(
                                            Topics.SCHEMAS,
                                            "%016x".formatted(fingerprint),
                                            schema.toString().getBytes(StandardCharsets.UTF_8)))
                            .get();
                }
            }
        }
        return book;
    }

    @Override
    public Optional<Schema> find(long fingerprint) {
        return Optional.ofNullable(schemas.get(fingerprint));
    }

    @Override
    public void close() throws InterruptedException {
        follower.close();
    }
}
