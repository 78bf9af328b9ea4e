// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.partition;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.Topics;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The group's polling thread: one consumer for all migrations. It hands records to the workers,
 * pauses the partitions whose workers are full or not ready, tells the group how far the targets
 * are, and trims what they durably hold. It never waits for a database, so a slow statement is no
 * rebalance.
 */
public final class GroupRunner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupRunner.class);
    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration CLOSE_MOST = Duration.ofSeconds(10);
    private static final Duration ASK_MOST = Duration.ofSeconds(10);
    private static final Duration TIDY_EVERY = Duration.ofMillis(250);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    private static final int SESSION_MILLIS = 10_000;
    private static final int HEARTBEAT_MILLIS = 2_000;
    private static final int PARTITION_FETCH_BYTES = 4 << 20;

    /** A record may hold 900 KiB, and what was fetched is larger than that, uncompressed. */
    private static final int RECORDS_MOST = 32;

    private final KafkaSettings kafka;
    private final Optional<String> instance;
    private final Workers workers;
    private final Clock clock;
    private final Map<TopicPartition, Slot> slots = new HashMap<>();
    private final Thread thread;
    private Instant tidied = Instant.EPOCH;
    private volatile boolean closed;

    private GroupRunner(
            KafkaSettings kafka, Optional<String> instance, Workers workers, Clock clock) {
        this.kafka = kafka;
        this.instance = instance;
        this.workers = workers;
        this.clock = clock;
        this.thread = Thread.ofPlatform().name("apply-group").unstarted(this::run);
    }

    /**
     * Joins the group and starts to read.
     *
     * @param instance a name that survives a restart of this process: its partitions then wait for
     *     it instead of for the old session's end
     */
    public static GroupRunner start(
            KafkaSettings kafka, Optional<String> instance, Workers workers, Clock clock) {
        var runner = new GroupRunner(kafka, instance, workers, clock);
        runner.thread.start();
        return runner;
    }

    /** Leaves the group; workers are closed. */
    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (!closed) {
            try (KafkaConsumer<String, byte[]> consumer = consumer();
                    Admin admin = kafka.admin()) {
                try {
                    poll(consumer, admin);
                } finally {
                    release(slots.keySet().stream().toList(), null);
                }
            } catch (KafkaException e) {
                // For instance fenced by another process of the same instance name, or no right to
                // read.
                LOG.atWarn()
                        .setCause(e)
                        .addKeyValue("code", ErrorCode.BROKER_FAILED)
                        .log("reading the group's topics failed; trying again");
                LockSupport.parkNanos(this, AFTER_FAILURE.toNanos());
            } catch (RuntimeException e) {
                LOG.atError()
                        .setCause(e)
                        .addKeyValue("code", ErrorCode.INTERNAL)
                        .log("the polling thread failed; starting it again");
                LockSupport.parkNanos(this, AFTER_FAILURE.toNanos());
            }
        }
    }

    private KafkaConsumer<String, byte[]> consumer() {
        var config = new HashMap<String, Object>();
        config.put(ConsumerConfig.GROUP_ID_CONFIG, Topics.APPLY_GROUP);
        config.put(
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
                CooperativeStickyAssignor.class.getName());
        config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_MILLIS);
        config.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, HEARTBEAT_MILLIS);
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, PARTITION_FETCH_BYTES);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, RECORDS_MOST);
        config.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, 10_000);
        instance.ifPresent(name -> config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, name));
        return kafka.consumer(config);
    }

    private void poll(KafkaConsumer<String, byte[]> consumer, Admin admin) {
        Set<String> subscribed = Set.of();
        while (!closed) {
            Set<String> wanted = workers.topics();
            if (!wanted.equals(subscribed)) {
                if (subscribed.isEmpty()) {
                    dismissFormer(admin);
                }
                subscribed = wanted;
                consumer.subscribe(wanted, new Rebalance(consumer));
            }
            if (subscribed.isEmpty()) {
                awaitMigration();
                continue;
            }
            slots.values().forEach(slot -> tend(slot, consumer));
            hand(consumer);
            Instant now = clock.instant();
            if (Duration.between(tidied, now).compareTo(TIDY_EVERY) >= 0) {
                tidied = now;
                tell(consumer);
                trim(admin);
            }
        }
    }

    /**
     * Takes the member of our instance name out of the group, if there is one: a dead process, or
     * ourselves before we had nothing to read. Joining in its place would give us its partitions,
     * and none of the topics that it did not subscribe to (KAFKA-12759).
     */
    private void dismissFormer(Admin admin) {
        if (instance.isEmpty()) {
            return;
        }
        var former =
                new RemoveMembersFromConsumerGroupOptions(
                        List.of(new MemberToRemove(instance.get())));
        try {
            admin.removeMembersFromConsumerGroup(Topics.APPLY_GROUP, former)
                    .all()
                    .get(ASK_MOST.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException e) {
            throw new KafkaException("the group does not answer", e);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof UnknownMemberIdException
                    || e.getCause() instanceof GroupIdNotFoundException)) {
                throw new KafkaException("a former member of the group cannot be dismissed", e);
            }
        }
    }

    private void awaitMigration() {
        LockSupport.parkNanos(this, POLL.toNanos());
    }

    private void tend(Slot slot, KafkaConsumer<String, byte[]> consumer) {
        TopicPartition partition = slot.partition();
        OptionalLong seek = slot.tend();
        if (seek.isPresent()) {
            position(slot, consumer, seek.getAsLong());
        }
        PartitionWorker worker = slot.positioned();
        if (worker == null || worker.full()) {
            consumer.pause(List.of(partition));
        } else {
            consumer.resume(List.of(partition));
        }
    }

    /**
     * Reading goes on exactly where the ledger says; a log that does not hold that place is never
     * read from another.
     */
    private void position(Slot slot, KafkaConsumer<String, byte[]> consumer, long offset) {
        TopicPartition partition = slot.partition();
        try {
            long begin =
                    consumer.beginningOffsets(List.of(partition), ASK_MOST)
                            .getOrDefault(partition, 0L);
            long end =
                    consumer.endOffsets(List.of(partition), ASK_MOST).getOrDefault(partition, 0L);
            if (begin > offset) {
                slot.fail(
                        new MigrationException(
                                ErrorCode.LOG_TRIMMED,
                                "%s begins at offset %d, the target needs %d"
                                        .formatted(partition, begin, offset)));
            } else if (end < offset) {
                slot.fail(
                        new MigrationException(
                                ErrorCode.LOG_FOREIGN,
                                "%s ends at offset %d, the target has read up to %d"
                                        .formatted(partition, end, offset)));
            } else {
                consumer.seek(partition, offset);
                slot.handed(-1);
                LOG.atInfo()
                        .addKeyValue("topic", partition.topic())
                        .addKeyValue("partition", partition.partition())
                        .addKeyValue("offset", offset)
                        .log("reading from the ledger's offset");
            }
        } catch (KafkaException e) {
            slot.fail(
                    new MigrationException(
                            ErrorCode.BROKER_FAILED,
                            "the bounds of " + partition + " cannot be read",
                            e));
        }
    }

    private void hand(KafkaConsumer<String, byte[]> consumer) {
        ConsumerRecords<String, byte[]> records;
        try {
            records = consumer.poll(POLL);
        } catch (OffsetOutOfRangeException e) {
            e.offsetOutOfRangePartitions()
                    .forEach((partition, offset) -> {
                        Slot slot = slots.get(partition);
                        if (slot != null) {
                            consumer.seek(partition, 0);
                            consumer.pause(List.of(partition));
                            slot.fail(
                                    new MigrationException(
                                            ErrorCode.LOG_TRIMMED,
                                            "%s no longer holds offset %d, which the target needs"
                                                    .formatted(partition, offset),
                                            e));
                        }
                    });
            return;
        }
        for (TopicPartition partition : records.partitions()) {
            Slot slot = slots.get(partition);
            if (slot == null) {
                continue;
            }
            PartitionWorker worker = slot.positioned();
            if (worker != null) {
                var ofPartition = records.records(partition);
                worker.accept(ofPartition);
                slot.handed(ofPartition.getLast().offset() + 1);
            }
        }
    }

    private void tell(KafkaConsumer<String, byte[]> consumer) {
        var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
        for (Slot slot : slots.values()) {
            if (slot.positioned() != null) {
                slot.toCommit(consumer.position(slot.partition()))
                        .ifPresent(offset -> {
                            offsets.put(slot.partition(), new OffsetAndMetadata(offset));
                            slot.committed(offset);
                        });
            }
        }
        if (!offsets.isEmpty()) {
            consumer.commitAsync(
                    offsets,
                    (told, failure) -> {
                        if (failure != null) {
                            told.keySet().forEach(this::forget);
                        }
                    });
        }
    }

    private void forget(TopicPartition partition) {
        Slot slot = slots.get(partition);
        if (slot != null) {
            slot.committed(-1);
        }
    }

    private void trim(Admin admin) {
        var deletes = new HashMap<TopicPartition, RecordsToDelete>();
        for (Slot slot : slots.values()) {
            slot.toTrim()
                    .ifPresent(offset -> {
                        deletes.put(slot.partition(), RecordsToDelete.beforeOffset(offset));
                        slot.trimmed(offset);
                    });
        }
        if (!deletes.isEmpty()) {
            // What fails is trimmed with the next offset: the log only stays longer.
            var _ = admin.deleteRecords(deletes);
        }
    }

    private void release(
            Collection<TopicPartition> partitions,
            @org.jspecify.annotations.Nullable KafkaConsumer<String, byte[]> consumer) {
        var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
        var closing =
                partitions.stream()
                        .map(partition -> {
                            Slot slot = slots.remove(partition);
                            if (slot == null) {
                                return CompletableFuture.<Void>completedFuture(null);
                            }
                            if (consumer != null) {
                                slot.toCommit(consumer.position(partition))
                                        .ifPresent(offset ->
                                                offsets.put(
                                                        partition, new OffsetAndMetadata(offset)));
                            }
                            return slot.release();
                        })
                        .toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(closing).get(CLOSE_MOST.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.atWarn().setCause(e).log("a worker did not close in time; the ledger fences it");
        }
        if (consumer != null && !offsets.isEmpty()) {
            try {
                consumer.commitSync(offsets, Duration.ofSeconds(2));
            } catch (CommitFailedException
                    | org.apache.kafka.common.errors.TimeoutException
                    | WakeupException e) {
                LOG.atDebug()
                        .setCause(e)
                        .log("the group was not told the last offsets; the ledger holds them");
            }
        }
    }

    /** Follows the group's decisions. Runs inside poll, on the polling thread. */
    private final class Rebalance implements ConsumerRebalanceListener {
        private final KafkaConsumer<String, byte[]> consumer;

        Rebalance(KafkaConsumer<String, byte[]> consumer) {
            this.consumer = consumer;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            for (TopicPartition partition : partitions) {
                // A place, so that the consumer does not ask the group for one; nothing is fetched
                // while paused.
                consumer.seek(partition, 0);
                slots.put(partition, new Slot(partition, workers, clock));
            }
            consumer.pause(partitions);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            release(partitions, consumer);
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            release(partitions, null);
        }
    }
}
