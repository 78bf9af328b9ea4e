// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control;

import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.TopicFollower;
import dev.godwit.schemas.topic.Topics;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Says on the real topics what capture and apply would say, and knows what control wants. */
final class FakeServices {
    private final KafkaProducer<String, byte[]> producer;
    private final TopicFollower follower;
    private final RecordCodec reader = new RecordCodec(SchemaBook.ownOnly());
    private final RecordCodec writer = new RecordCodec(SchemaBook.ownOnly());
    private final Map<String, DatabaseMigration> wanted = new ConcurrentHashMap<>();

    FakeServices(String bootstrapServers) {
        KafkaSettings kafka = KafkaSettings.at(bootstrapServers);
        producer = kafka.producer(Map.of());
        follower =
                TopicFollower.start(
                        kafka,
                        Topics.MIGRATIONS,
                        message ->
                                reader.decode(message.value(), Migration.class)
                                        .getDatabases()
                                        .forEach(database ->
                                                wanted.put(database.getId(), database)));
    }

    DatabaseMigration wanted(String databaseId) {
        return wanted.getOrDefault(
                databaseId,
                DatabaseMigration.newBuilder()
                        .setId(databaseId)
                        .setSourceDatabase("")
                        .setTargetDatabase("")
                        .setTables(java.util.List.of())
                        .setPhase(dev.godwit.schemas.WantedPhase.CHECK)
                        .build());
    }

    static CaptureStatus.Builder capture(String databaseId, CapturePhase phase, long captured) {
        return CaptureStatus.newBuilder()
                .setDatabase(databaseId)
                .setEpoch(3)
                .setPhase(phase)
                .setReportedOn(now())
                .setCapturedUntil(now())
                .setRetriesSeen(0)
                .setCaptured(new Counters(captured, 0L, 0L, 0L))
                .setCapturedLsn(0)
                .setFlushableLsn(0)
                .setUncapturedWalBytes(4096);
    }

    static ApplyStatus.Builder apply(String databaseId, ApplyPhase phase, long applied) {
        return ApplyStatus.newBuilder()
                .setDatabase(databaseId)
                .setEpoch(3)
                .setPhase(phase)
                .setReportedOn(now())
                .setRetriesSeen(0)
                .setApplied(new Counters(applied, 0L, 0L, 0L))
                .setFinalLsn(0)
                .setOrdinal(0)
                .setCommitMicros(0);
    }

    void report(CaptureStatus.Builder status) throws Exception {
        send(Topics.captureKey(status.getDatabase()), status.build());
    }

    void report(ApplyStatus.Builder status) throws Exception {
        send(Topics.applyKey(status.getDatabase()), status.build());
    }

    void close() throws InterruptedException {
        follower.close();
        producer.close();
    }

    private void send(String key, SpecificRecord status) throws Exception {
        producer.send(new ProducerRecord<>(Topics.STATUS, key, writer.encode(status))).get();
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }
}
