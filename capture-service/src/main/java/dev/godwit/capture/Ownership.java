// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which partitions of godwit.migrations are this instance's, as the group godwit-capture says. It
 * reads nothing: the group only decides who owns what.
 */
final class Ownership implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Ownership.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration AGAIN = Duration.ofSeconds(1);
    private static final int SESSION_MILLIS = 10_000;
    private static final int HEARTBEAT_MILLIS = 2_000;

    private final KafkaSettings kafka;
    private final Optional<String> instance;
    private final Runnable changed;
    private final Set<Integer> owned = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /**
     * @param instance static member id: its partitions wait for its restart
     */
    Ownership(KafkaSettings kafka, Optional<String> instance, Runnable changed) {
        this.kafka = kafka;
        this.instance = instance;
        this.changed = changed;
        this.thread = Thread.ofPlatform().daemon().name("capture-group").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    Set<Integer> partitions() {
        return Set.copyOf(owned);
    }

    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            do {
                try {
                    belong();
                } catch (KafkaException e) {
                    LOG.atWarn().setCause(e).log("the group is joined again");
                }
                owned.clear();
                changed.run();
            } while (!closing.await(AGAIN.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void belong() {
        var settings = new HashMap<String, Object>();
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, Topics.CAPTURE_GROUP);
        settings.put(ConsumerConfig.CLIENT_ID_CONFIG, "capture-group");
        settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_MILLIS);
        settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, HEARTBEAT_MILLIS);
        settings.put(
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
                CooperativeStickyAssignor.class.getName());
        instance.ifPresent(name -> settings.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, name));
        try (KafkaConsumer<String, byte[]> consumer = kafka.consumer(settings)) {
            consumer.subscribe(List.of(Topics.MIGRATIONS), new Assignment(consumer));
            while (closing.getCount() > 0) {
                consumer.poll(POLL);
            }
        }
    }

    private final class Assignment implements ConsumerRebalanceListener {
        private final KafkaConsumer<String, byte[]> consumer;

        Assignment(KafkaConsumer<String, byte[]> consumer) {
            this.consumer = consumer;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            for (TopicPartition partition : partitions) {
                consumer.seek(partition, 0);
                owned.add(partition.partition());
            }
            consumer.pause(partitions);
            changed.run();
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            partitions.forEach(partition -> owned.remove(partition.partition()));
            changed.run();
        }
    }
}
