// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.security;

import dev.godwit.schemas.AuditEntry;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.Topics;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who asked for what, when, and the answer, in {@code godwit.audit}. */
public final class AuditLog {
    private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
    private static final Duration CLOSE_MOST = Duration.ofSeconds(3);

    private final KafkaProducer<String, byte[]> producer;
    private final RecordCodec codec;
    private final Clock clock;

    /** Only this thread encodes and sends: a caller never waits for Kafka. */
    private final ExecutorService writer =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("audit").factory());

    public AuditLog(KafkaSettings kafka, SchemaBook book, Clock clock) {
        this.producer = kafka.producer(Map.of("client.id", "control-audit"));
        this.codec = new RecordCodec(book);
        this.clock = clock;
    }

    /**
     * Hands the entry over; entries are written in this order.
     *
     * @param answer the HTTP status
     * @param why the error code of a refusal, else empty
     */
    public void write(
            String who,
            String request,
            String migration,
            Optional<String> database,
            int answer,
            String why) {
        var entry =
                AuditEntry.newBuilder()
                        .setAt(clock.instant().truncatedTo(ChronoUnit.MILLIS))
                        .setWho(who)
                        .setRequest(request)
                        .setDatabase(database.orElse(null))
                        .setAnswer(answer)
                        .setWhy(why)
                        .build();
        writer.execute(() -> send(migration, codec.encode(entry)));
    }

    private void send(String migration, byte[] entry) {
        Future<RecordMetadata> _ =
                producer.send(
                        new ProducerRecord<>(Topics.AUDIT, migration, entry),
                        (sent, failed) -> {
                            if (failed != null) {
                                LOG.atError()
                                        .setCause(failed)
                                        .addKeyValue("migration", migration)
                                        .addKeyValue("code", "BROKER_FAILED")
                                        .log("an audit entry was not written");
                            }
                        });
    }

    /** Writes what it has, within seconds. */
    public void close() throws InterruptedException {
        writer.shutdown();
        boolean _ = writer.awaitTermination(CLOSE_MOST.toMillis(), TimeUnit.MILLISECONDS);
        producer.close(CLOSE_MOST);
    }
}
