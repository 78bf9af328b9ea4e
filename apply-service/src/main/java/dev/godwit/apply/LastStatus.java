// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.RecordFollower;
import dev.godwit.schemas.topic.Topics;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/**
 * What apply has last said of each database migration: where a reporter that cannot ask the target
 * goes on from.
 */
final class LastStatus implements AutoCloseable {
    private final Map<String, ApplyStatus> statuses = new ConcurrentHashMap<>();
    private final RecordFollower follower;

    private LastStatus(KafkaSettings kafka, SchemaBook book) {
        this.follower =
                RecordFollower.start(
                        kafka,
                        book,
                        Topics.STATUS,
                        (message, content) -> take(message.key(), content));
    }

    static LastStatus follow(KafkaSettings kafka, SchemaBook book)
            throws InterruptedException, TimeoutException {
        var followed = new LastStatus(kafka, book);
        followed.follower.awaitCaughtUp();
        return followed;
    }

    private void take(String key, @Nullable SpecificRecordBase content) {
        if (content == null) {
            statuses.remove(key);
        } else if (content instanceof ApplyStatus status) {
            statuses.put(key, status);
        }
    }

    Optional<ApplyStatus> of(String databaseId) {
        return Optional.ofNullable(statuses.get(Topics.applyKey(databaseId)));
    }

    @Override
    public void close() {
        follower.close();
    }
}
