// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.schemas.Migration;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.RecordFollower;
import dev.godwit.schemas.topic.Topics;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** The desired state of all migrations, as control last wrote it. */
final class Migrations implements AutoCloseable {
    private record Placed(int partition, Migration migration) {}

    private final Map<String, Placed> migrations = new ConcurrentHashMap<>();
    private final Runnable changed;
    private final RecordFollower follower;

    private Migrations(KafkaSettings kafka, SchemaBook book, Runnable changed) {
        this.changed = changed;
        this.follower = RecordFollower.start(kafka, book, Topics.MIGRATIONS, this::take);
    }

    /** Returns once all that was written so far is known. */
    static Migrations follow(KafkaSettings kafka, SchemaBook book, Runnable changed)
            throws InterruptedException, TimeoutException {
        var followed = new Migrations(kafka, book, changed);
        followed.follower.awaitCaughtUp();
        return followed;
    }

    /** The newest wish for each database migration of these partitions. */
    Map<String, Desired> of(Set<Integer> partitions) {
        var wanted = new HashMap<String, Desired>();
        for (Placed placed : migrations.values()) {
            if (partitions.contains(placed.partition)) {
                for (var database : placed.migration.getDatabases()) {
                    wanted.put(database.getId(), new Desired(placed.migration, database));
                }
            }
        }
        return wanted;
    }

    Optional<Desired> find(String databaseId) {
        return migrations.values().stream()
                .flatMap(placed ->
                        placed.migration.getDatabases().stream()
                                .map(database -> new Desired(placed.migration, database)))
                .filter(desired -> desired.id().equals(databaseId))
                .findFirst();
    }

    @Override
    public void close() {
        follower.close();
    }

    private void take(
            ConsumerRecord<String, byte[]> message, @Nullable SpecificRecordBase content) {
        if (content == null) {
            migrations.remove(message.key());
        } else if (content instanceof Migration migration) {
            migrations.put(message.key(), new Placed(message.partition(), migration));
        }
        changed.run();
    }
}
