// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.topic;

import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.codec.UnknownSchemaException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Follows a topic of the contract's records as {@link TopicFollower} does, and decodes them. It may
 * be ahead of the book's own follower: a writer's schema is waited for, it was published first.
 */
public final class RecordFollower implements AutoCloseable {
    private static final Duration START_MOST = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final int LOOKS = 300;

    /** Takes one record, null for a tombstone. What it throws ends the follower. */
    @FunctionalInterface
    public interface Listener {
        void accept(ConsumerRecord<String, byte[]> message, @Nullable SpecificRecordBase content);
    }

    private final RecordCodec codec;
    private final Listener listener;
    private final TopicFollower follower;

    private RecordFollower(KafkaSettings kafka, SchemaBook book, String topic, Listener listener) {
        this.codec = new RecordCodec(book);
        this.listener = listener;
        this.follower = TopicFollower.start(kafka, topic, this::take);
    }

    /** Starts at the topic's beginning; the listener runs on the follower's thread. */
    public static RecordFollower start(
            KafkaSettings kafka, SchemaBook book, String topic, Listener listener) {
        return new RecordFollower(kafka, book, topic, listener);
    }

    /**
     * Returns once everything that the topic held at the start has been given to the listener.
     *
     * @throws TimeoutException after a minute
     */
    public void awaitCaughtUp() throws InterruptedException, TimeoutException {
        follower.awaitCaughtUp(START_MOST);
    }

    /** An interrupt while it waits for its thread's end is kept. */
    @Override
    public void close() {
        try {
            follower.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void take(ConsumerRecord<String, byte[]> message) {
        byte[] value = message.value();
        listener.accept(message, value == null ? null : decoded(value));
    }

    private SpecificRecordBase decoded(byte[] bytes) {
        for (int look = 1; ; look++) {
            try {
                return codec.decode(bytes);
            } catch (UnknownSchemaException e) {
                if (look == LOOKS) {
                    throw e;
                }
                awaitBook();
            }
        }
    }

    private void awaitBook() {
        LockSupport.parkNanos(this, LOOK.toNanos());
    }
}
