// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.Change;
import dev.godwit.schemas.ChangeFragment;
import dev.godwit.schemas.Truncate;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.topic.KafkaSchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads the changes log of one database migration beside apply, read committed and from its first
 * record, and keeps invariant 3: positions rise, ordinals of a transaction have no gap, and its
 * last change closes it.
 */
public final class LogWitness implements AutoCloseable {
    private static final int OFFENCES_MAX = 20;

    private final KafkaSettings kafka;
    private final TopicPartition partition;
    private final List<String> offences = Collections.synchronizedList(new ArrayList<>());
    private final AtomicLong changes = new AtomicLong();
    private final AtomicLong transactions = new AtomicLong();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Thread thread;
    private long finalLsn = -1;
    private long ordinal = -1;
    private boolean open;

    private LogWitness(KafkaSettings kafka, String databaseId) {
        this.kafka = kafka;
        partition = new TopicPartition(Topics.changes(databaseId), 0);
        thread = Thread.ofPlatform().name("log-witness").daemon().start(this::run);
    }

    /** Begins at once: what apply has taken is trimmed. The topic may not exist yet. */
    public static LogWitness of(MigrationHarness harness, RunningMigration migration) {
        return new LogWitness(harness.broker().settings(), migration.databaseId());
    }

    /** Row changes seen, as the counters count them. */
    public long changes() {
        return changes.get();
    }

    public long transactions() {
        return transactions.get();
    }

    public void requireSound() {
        assertThat(List.copyOf(offences)).isEmpty();
    }

    @Override
    public void close() {
        stopped.set(true);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try (KafkaSchemaBook book = KafkaSchemaBook.open(kafka);
                KafkaConsumer<String, byte[]> consumer =
                        kafka.consumer(Map.of("metadata.max.age.ms", 1000))) {
            RecordCodec codec = new RecordCodec(book);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            while (!stopped.get()) {
                poll(consumer, codec);
            }
        } catch (Exception e) {
            offend("the witness cannot read: " + e);
        }
    }

    private void poll(KafkaConsumer<String, byte[]> consumer, RecordCodec codec) {
        try {
            for (ConsumerRecord<String, byte[]> message : consumer.poll(Duration.ofMillis(100))) {
                see(codec.decode(message.value()), message.offset());
            }
        } catch (OffsetOutOfRangeException trimmed) {
            offend("trimmed before the witness read it: " + trimmed.getMessage());
            consumer.seekToBeginning(List.of(partition));
        } catch (org.apache.kafka.common.errors.UnknownTopicOrPartitionException gone) {
            // Not created yet, or dropped at the end.
        } catch (KafkaException away) {
            offend(away.toString());
        }
    }

    private void see(Object message, long offset) {
        switch (message) {
            case Change change ->
                    step(
                            change.getFinalLsn(),
                            change.getOrdinal(),
                            change.getLastInTransaction(),
                            1,
                            offset);
            case Truncate truncate ->
                    step(
                            truncate.getFinalLsn(),
                            truncate.getOrdinal(),
                            truncate.getLastInTransaction(),
                            truncate.getRelations().size(),
                            offset);
            case ChangeFragment fragment -> {
                if (fragment.getNumber() == fragment.getCount() - 1) {
                    step(fragment.getFinalLsn(), fragment.getOrdinal(), null, 1, offset);
                }
            }
            default -> {}
        }
    }

    private void step(
            long lsn,
            long number,
            @org.jspecify.annotations.Nullable Boolean last,
            int counted,
            long offset) {
        changes.addAndGet(counted);
        if (lsn == finalLsn) {
            if (number != ordinal + 1) {
                offend(
                        "offset %d: ordinal %d follows %d in transaction %X"
                                .formatted(offset, number, ordinal, lsn));
            }
        } else {
            if (Long.compareUnsigned(lsn, finalLsn) < 0 && finalLsn != -1) {
                offend("offset %d: transaction %X follows %X".formatted(offset, lsn, finalLsn));
            }
            if (number != 0) {
                offend("offset %d: transaction %X begins at %d".formatted(offset, lsn, number));
            }
            if (open) {
                offend("offset %d: transaction %X was not closed".formatted(offset, finalLsn));
            }
            transactions.incrementAndGet();
        }
        finalLsn = lsn;
        ordinal = number;
        open = last != null && !last;
    }

    private void offend(String what) {
        if (offences.size() < OFFENCES_MAX) {
            offences.add(what);
        }
    }
}
