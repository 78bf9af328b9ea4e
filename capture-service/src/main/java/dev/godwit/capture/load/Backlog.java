// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.schemas.topic.Topics;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Un-applied bytes of the load: pieces sent, less those below the offset that apply's group has
 * committed, which apply does only for what is durable on the target. Asks Kafka only when the
 * limit seems passed.
 */
final class Backlog {
    private static final long LOOK_MILLIS = 200;
    private static final long ANSWER_SECONDS = 30;

    private record Sent(long offset, long bytes) {}

    private final Admin admin;
    private final long bytesMax;
    private final Map<TopicPartition, Deque<Sent>> unapplied = new HashMap<>();
    private final Semaphore look = new Semaphore(0);
    private long bytes;

    Backlog(Admin admin, long bytesMax) {
        this.admin = admin;
        this.bytesMax = bytesMax;
    }

    /** A piece has been acknowledged; its last record stands there. */
    synchronized void sent(TopicPartition partition, long offset, long pieceBytes) {
        unapplied
                .computeIfAbsent(partition, any -> new ArrayDeque<>())
                .add(new Sent(offset, pieceBytes));
        bytes += pieceBytes;
    }

    synchronized long bytes() {
        return bytes;
    }

    /** Returns once a new piece may begin. */
    void awaitRoom() throws InterruptedException {
        while (bytes() > bytesMax) {
            settle(committed());
            if (bytes() > bytesMax && look.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                look.drainPermits();
            }
        }
    }

    private synchronized void settle(Map<TopicPartition, OffsetAndMetadata> committed) {
        unapplied.forEach((partition, sent) -> {
            OffsetAndMetadata applied = committed.get(partition);
            while (applied != null && !sent.isEmpty() && sent.element().offset < applied.offset()) {
                bytes -= sent.remove().bytes;
            }
        });
    }

    /** What Kafka does not tell now it tells later: until then nothing counts as applied. */
    private Map<TopicPartition, OffsetAndMetadata> committed() throws InterruptedException {
        try {
            return admin.listConsumerGroupOffsets(Topics.APPLY_GROUP)
                    .partitionsToOffsetAndMetadata()
                    .get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException silent) {
            return Map.of();
        }
    }
}
