// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.SourceObjects;
import dev.godwit.schemas.StreamState;
import dev.godwit.schemas.TableLoad;
import dev.godwit.schemas.TableState;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the former owners committed. It reads to the read-uncommitted end, so nothing that is
 * committed can be hidden behind a transaction that is just being aborted.
 */
final class StateReader {
    private static final Duration MOST = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(200);

    private final String databaseId;
    private final RecordCodec codec;
    private final Map<TableName, Counters> tables = new HashMap<>();
    private final Map<TableName, TableLoad> loads = new HashMap<>();
    private @Nullable StreamState stream;
    private @Nullable SourceObjects sourceObjects;
    private boolean changesEmpty;

    private StateReader(String databaseId, RecordCodec codec) {
        this.databaseId = databaseId;
        this.codec = codec;
    }

    /** Former owners must be fenced already. */
    static StateReader read(KafkaSettings kafka, Admin admin, String databaseId, RecordCodec codec)
            throws InterruptedException {
        var reader = new StateReader(databaseId, codec);
        try {
            reader.read(kafka, admin);
        } catch (ExecutionException e) {
            throw new MigrationException(
                    ErrorCode.BROKER_FAILED,
                    "Kafka does not tell where the log ends",
                    e.getCause());
        }
        return reader;
    }

    /** The highest owner epoch that anything committed carries. */
    long lastEpoch() {
        long last = stream == null ? 0 : stream.getOwnerEpoch();
        for (TableLoad load : loads.values()) {
            last = Math.max(last, load.getAttempt().getOwnerEpoch());
        }
        return last;
    }

    /** The newest state, begun or not. */
    @Nullable StreamState stream() {
        return stream;
    }

    Recovered recovered() {
        Optional<StreamState> begun =
                Optional.ofNullable(stream).filter(state -> state.getConsistentPoint() != 0);
        return new Recovered(
                begun,
                tables,
                loads,
                Optional.ofNullable(sourceObjects),
                begun.isPresent() && changesEmpty);
    }

    private void read(KafkaSettings kafka, Admin admin)
            throws InterruptedException, ExecutionException {
        var state = new TopicPartition(Topics.state(databaseId), 0);
        var changes = new TopicPartition(Topics.changes(databaseId), 0);
        var ends =
                admin.listOffsets(
                        Map.of(state, OffsetSpec.latest(), changes, OffsetSpec.latest()),
                        new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED));
        long end = ends.partitionResult(state).get().offset();
        changesEmpty = ends.partitionResult(changes).get().offset() == 0;
        try (KafkaConsumer<String, byte[]> consumer =
                kafka.consumer(Map.of("client.id", "state-" + databaseId))) {
            consumer.assign(List.of(state));
            consumer.seekToBeginning(List.of(state));
            long deadline = System.nanoTime() + MOST.toNanos();
            while (consumer.position(state) < end) {
                if (System.nanoTime() - deadline > 0) {
                    throw new MigrationException(
                            ErrorCode.BROKER_FAILED,
                            "topic %s cannot be read to its end".formatted(state.topic()));
                }
                for (var message : consumer.poll(POLL)) {
                    if (message.value() != null) {
                        take(message.value());
                    }
                }
            }
        }
    }

    private void take(byte[] value) {
        switch (codec.decode(value)) {
            case StreamState state -> stream = state;
            case TableState table ->
                    tables.put(TableName.of(table.getSource()), table.getCaptured());
            case TableLoad load -> loads.put(TableName.of(load.getTarget()), load);
            case SourceObjects objects -> sourceObjects = objects;
            default -> {
                // A newer version's record, kept in the topic for it.
            }
        }
    }
}
