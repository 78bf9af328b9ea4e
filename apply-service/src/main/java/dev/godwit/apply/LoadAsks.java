// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableLoad;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.RecordFollower;
import dev.godwit.schemas.topic.Topics;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/** The loads that capture asks for, as the state topic says. */
final class LoadAsks implements AutoCloseable {
    private final Map<String, TableLoad> asks = new ConcurrentHashMap<>();
    private final RecordFollower follower;
    private volatile boolean changed = true;

    private LoadAsks(KafkaSettings kafka, SchemaBook book, String databaseId) {
        this.follower =
                RecordFollower.start(
                        kafka,
                        book,
                        Topics.state(databaseId),
                        (message, content) -> take(message.key(), content));
    }

    static LoadAsks follow(KafkaSettings kafka, SchemaBook book, String databaseId) {
        return new LoadAsks(kafka, book, databaseId);
    }

    private void take(String key, @Nullable SpecificRecordBase content) {
        if (content instanceof TableLoad load) {
            asks.put(key, load);
            changed = true;
        }
    }

    /** Whether something was asked since this was last called. */
    boolean changed() {
        boolean was = changed;
        changed = false;
        return was;
    }

    /** Whether capture has asked for what the operator wants anew, by target table. */
    boolean hold(Map<TableName, Integer> wishes) {
        Map<TableName, Integer> asked =
                asks.values().stream()
                        .collect(
                                Collectors.toMap(
                                        ask -> TableName.of(ask.getTarget()), TableLoad::getWish));
        return wishes.entrySet().stream()
                .allMatch(wish -> asked.getOrDefault(wish.getKey(), -1) >= wish.getValue());
    }

    Collection<TableLoad> all() {
        return List.copyOf(asks.values());
    }

    @Override
    public void close() {
        follower.close();
    }
}
