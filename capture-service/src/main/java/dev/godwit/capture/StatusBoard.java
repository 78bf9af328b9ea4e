// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.load.Grants;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyTableStatus;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.RecordFollower;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** What was last said of the database migrations: grants by apply, and the epochs of capture. */
final class StatusBoard implements AutoCloseable {
    private final Map<String, ApplyTableStatus> tables = new ConcurrentHashMap<>();
    private final Map<String, Long> captureEpochs = new ConcurrentHashMap<>();
    private final RecordFollower follower;
    private long news;

    private StatusBoard(KafkaSettings kafka, SchemaBook book) {
        this.follower = RecordFollower.start(kafka, book, Topics.STATUS, this::take);
    }

    /** Returns once all that was said so far is known. */
    static StatusBoard follow(KafkaSettings kafka, SchemaBook book)
            throws InterruptedException, TimeoutException {
        var board = new StatusBoard(kafka, book);
        board.follower.awaitCaughtUp();
        return board;
    }

    /** The highest owner epoch that ever reported, 0 if none did. */
    long captureEpoch(String databaseId) {
        return captureEpochs.getOrDefault(databaseId, 0L);
    }

    Grants grants(String databaseId) {
        return new Grants() {
            @Override
            public Optional<Attempt> granted(TableName target) {
                return attempt(target, ApplyTableStatus::getGranted);
            }

            @Override
            public Optional<Attempt> broken(TableName target) {
                return attempt(target, ApplyTableStatus::getBroken);
            }

            @Override
            public void awaitNews(Duration most) throws InterruptedException {
                awaitMore(most);
            }

            private Optional<Attempt> attempt(
                    TableName target, Function<ApplyTableStatus, Attempt> which) {
                return Optional.ofNullable(tables.get(Topics.applyKey(databaseId, target.toAvro())))
                        .map(which);
            }
        };
    }

    @Override
    public void close() {
        follower.close();
    }

    private void take(
            ConsumerRecord<String, byte[]> message, @Nullable SpecificRecordBase content) {
        if (content == null) {
            tables.remove(message.key());
            return;
        }
        switch (content) {
            case ApplyTableStatus status -> tables.merge(message.key(), status, StatusBoard::newer);
            case CaptureStatus status ->
                    captureEpochs.merge(status.getDatabase(), status.getEpoch(), Math::max);
            default -> {
                return;
            }
        }
        synchronized (this) {
            news++;
            notifyAll();
        }
    }

    /** One with a lower ledger epoch comes from an apply that no longer owns the target. */
    private static ApplyTableStatus newer(ApplyTableStatus known, ApplyTableStatus said) {
        return said.getEpoch() >= known.getEpoch() ? said : known;
    }

    private synchronized void awaitMore(Duration most) throws InterruptedException {
        long known = news;
        long until = System.nanoTime() + most.toNanos();
        for (long left = most.toMillis();
                news == known && left > 0;
                left = (until - System.nanoTime()) / 1_000_000) {
            wait(left);
        }
    }
}
