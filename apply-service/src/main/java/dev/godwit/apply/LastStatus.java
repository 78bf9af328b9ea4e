// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.TopicFollower;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;

/**
 * What apply has last said of each database migration: where a reporter that cannot ask the target
 * goes on from.
 */
final class LastStatus implements AutoCloseable {
    private static final Duration START_MOST = Duration.ofSeconds(60);

    private final Map<String, ApplyStatus> statuses = new ConcurrentHashMap<>();
    private final RecordReader reader;
    private final TopicFollower follower;

    private LastStatus(KafkaSettings kafka, SchemaBook book) {
        this.reader = new RecordReader(book);
        this.follower =
                TopicFollower.start(
                        kafka, Topics.STATUS, message -> take(message.key(), message.value()));
    }

    static LastStatus follow(KafkaSettings kafka, SchemaBook book)
            throws InterruptedException, TimeoutException {
        var followed = new LastStatus(kafka, book);
        followed.follower.awaitCaughtUp(START_MOST);
        return followed;
    }

    private void take(String key, byte @org.jspecify.annotations.Nullable [] value) {
        if (value == null) {
            statuses.remove(key);
        } else if (reader.read(value) instanceof ApplyStatus status) {
            statuses.put(key, status);
        }
    }

    Optional<ApplyStatus> of(String databaseId) {
        return Optional.ofNullable(statuses.get(Topics.applyKey(databaseId)));
    }

    @Override
    public void close() {
        try {
            follower.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
