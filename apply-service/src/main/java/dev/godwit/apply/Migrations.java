// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.schemas.Migration;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.RecordFollower;
import dev.godwit.schemas.topic.Topics;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/** The desired state of all migrations, as control last wrote it. */
final class Migrations implements AutoCloseable {
    private final Map<String, Migration> migrations = new ConcurrentHashMap<>();
    private final RecordFollower follower;

    private Migrations(KafkaSettings kafka, SchemaBook book) {
        this.follower =
                RecordFollower.start(
                        kafka,
                        book,
                        Topics.MIGRATIONS,
                        (message, content) -> take(message.key(), content));
    }

    /** Returns once all that was written so far is known. */
    static Migrations follow(KafkaSettings kafka, SchemaBook book)
            throws InterruptedException, TimeoutException {
        var followed = new Migrations(kafka, book);
        followed.follower.awaitCaughtUp();
        return followed;
    }

    private void take(String key, @Nullable SpecificRecordBase content) {
        if (content == null) {
            migrations.remove(key);
        } else if (content instanceof Migration migration) {
            migrations.put(key, migration);
        }
    }

    Optional<Desired> find(String databaseId) {
        return migrations.values().stream()
                .flatMap(migration ->
                        migration.getDatabases().stream()
                                .map(database -> new Desired(migration, database)))
                .filter(desired -> desired.id().equals(databaseId))
                .findFirst();
    }

    /** The topics of all that is under way. */
    Set<String> topics() {
        var topics = new TreeSet<String>();
        for (Migration migration : migrations.values()) {
            for (var database : migration.getDatabases()) {
                var desired = new Desired(migration, database);
                if (desired.active()) {
                    topics.add(Topics.changes(desired.id()));
                }
                if (desired.loading()) {
                    topics.add(Topics.load(desired.id()));
                }
            }
        }
        return topics;
    }

    @Override
    public void close() {
        follower.close();
    }
}
