// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.ApplyTableStatus;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.CaptureTableStatus;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The migrations and what is reported of them, by interactive queries on Kafka Streams. Nothing is
 * kept on disk: a start reads both compacted topics to their ends.
 */
public final class Progress implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Progress.class);
    private static final Duration CLOSE_MOST = Duration.ofSeconds(10);

    private static final Duration BEGIN_AGAIN_AFTER = Duration.ofSeconds(1);

    private final KafkaSettings kafka;
    private final SchemaBook book;
    private final Runnable changed;
    private volatile KafkaStreams streams;
    private volatile boolean closed;

    private Progress(KafkaSettings kafka, SchemaBook book, Runnable changed) {
        this.kafka = kafka;
        this.book = book;
        this.changed = changed;
        this.streams = begin();
    }

    /**
     * Returns once both topics are read to their ends.
     *
     * @param changed called on another thread whenever something new is known; it must not block
     */
    public static Progress start(KafkaSettings kafka, SchemaBook book, Runnable changed) {
        return new Progress(kafka, book, changed);
    }

    /** Every migration as the topic holds it. */
    public List<Migration> migrations() {
        var found = new ArrayList<Migration>();
        try (var all = store(ProgressTopology.MIGRATIONS_STORE).all()) {
            all.forEachRemaining(entry -> {
                if (entry.value.content() instanceof Migration migration) {
                    found.add(migration);
                }
            });
        }
        return found;
    }

    /** The newest summaries of one database migration. */
    public DatabaseProgress of(String databaseId) {
        ReadOnlyKeyValueStore<String, Reported> store = store(ProgressTopology.STATUS_STORE);
        return new DatabaseProgress(
                content(store.get(Topics.captureKey(databaseId)), CaptureStatus.class),
                content(store.get(Topics.applyKey(databaseId)), ApplyStatus.class));
    }

    /** The tables of one database migration that were reported on, by name. */
    public Map<TableName, TableProgress> tablesOf(String databaseId) {
        var tables = new TreeMap<TableName, TableProgress>();
        try (var reports =
                store(ProgressTopology.STATUS_STORE)
                        .prefixScan(databaseId + "/", new StringSerializer())) {
            reports.forEachRemaining(entry -> {
                Instant at = entry.value.at();
                switch (entry.value.content()) {
                    case CaptureTableStatus status -> {
                        var table = TableName.of(status.getTarget());
                        tables.merge(
                                table,
                                new TableProgress(table, status, null, at),
                                Progress::joined);
                    }
                    case ApplyTableStatus status -> {
                        var table = TableName.of(status.getTarget());
                        tables.merge(
                                table,
                                new TableProgress(table, null, status, at),
                                Progress::joined);
                    }
                    default -> {}
                }
            });
        }
        return tables;
    }

    @Override
    public void close() {
        closed = true;
        streams.close(CLOSE_MOST);
    }

    private static TableProgress joined(TableProgress a, TableProgress b) {
        return new TableProgress(
                a.target(),
                a.capture() != null ? a.capture() : b.capture(),
                a.apply() != null ? a.apply() : b.apply(),
                later(a.modified(), b.modified()));
    }

    private static @Nullable Instant later(@Nullable Instant a, @Nullable Instant b) {
        return a == null || (b != null && b.isAfter(a)) ? b : a;
    }

    private static <T extends SpecificRecordBase> @Nullable T content(
            @Nullable Reported reported, Class<T> type) {
        return reported == null ? null : type.cast(reported.content());
    }

    private ReadOnlyKeyValueStore<String, Reported> store(String name) {
        try {
            return streams.store(
                    StoreQueryParameters.fromNameAndType(
                            name, QueryableStoreTypes.keyValueStore()));
        } catch (IllegalStateException | StreamsException e) {
            throw new MigrationException(
                    ErrorCode.BROKER_FAILED, "progress is being read again from Kafka", e);
        }
    }

    private KafkaStreams begin() {
        Map<String, Object> config = kafka.common();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "godwit-control");
        config.put(StreamsConfig.CLIENT_ID_CONFIG, "control-" + UUID.randomUUID());
        config.put("processing.exception.handler.global.enabled", true);
        var fresh =
                new KafkaStreams(
                        ProgressTopology.build(new ReportedSerde(book), changed), config(config));
        fresh.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.ERROR && !closed) {
                Thread.ofVirtual().name("progress-again").start(this::beginAgain);
            }
        });
        fresh.start();
        return fresh;
    }

    /**
     * The topology's thread died, for example of a record that a newer service wrote: read
     * everything again.
     */
    private synchronized void beginAgain() {
        LOG.atWarn().addKeyValue("topic", Topics.STATUS).log("following progress again");
        streams.close(CLOSE_MOST);
        while (!closed) {
            LockSupport.parkNanos("progress again", BEGIN_AGAIN_AFTER.toNanos());
            try {
                streams = begin();
                return;
            } catch (KafkaException e) {
                LOG.atWarn()
                        .setCause(e)
                        .addKeyValue("topic", Topics.STATUS)
                        .log("progress cannot be followed yet");
            }
        }
    }

    private static Properties config(Map<String, Object> config) {
        var properties = new Properties();
        properties.putAll(config);
        return properties;
    }
}
