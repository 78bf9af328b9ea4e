// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.topic;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads all of a topic from its beginning, in no group, and goes on following it on a thread of its
 * own. The listener gets every record in order and runs on that thread; a null value is a
 * tombstone.
 */
public final class TopicFollower implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TopicFollower.class);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration AGAIN = Duration.ofMillis(100);

    /** Takes one record. What it throws ends the follower, so it throws only what is a defect. */
    @FunctionalInterface
    public interface Listener {
        void accept(ConsumerRecord<String, byte[]> message);
    }

    private final KafkaConsumer<String, byte[]> consumer;
    private final Listener listener;
    private final CountDownLatch caughtUp = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean closed;

    private TopicFollower(KafkaSettings kafka, String topic, Listener listener) {
        this.consumer = kafka.consumer(Map.of("client.id", "follow-" + topic));
        this.listener = listener;
        this.thread =
                Thread.ofPlatform().daemon().name("follow-" + topic).unstarted(() -> follow(topic));
    }

    public static TopicFollower start(KafkaSettings kafka, String topic, Listener listener) {
        var follower = new TopicFollower(kafka, topic, listener);
        follower.thread.start();
        return follower;
    }

    /** Returns once everything that the topic held at the start has been given to the listener. */
    public void awaitCaughtUp(Duration most) throws InterruptedException, TimeoutException {
        if (!caughtUp.await(most.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new TimeoutException("not read to its end within " + most);
        }
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        consumer.wakeup();
        if (Thread.currentThread() != thread) {
            thread.join();
        }
    }

    private void follow(String topic) {
        try (consumer) {
            List<TopicPartition> partitions = patiently(() -> partitions(topic));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = patiently(() -> consumer.endOffsets(partitions));
            while (!closed) {
                if (caughtUp.getCount() > 0 && patiently(() -> reached(ends))) {
                    caughtUp.countDown();
                }
                consumer.poll(POLL).forEach(listener::accept);
            }
        } catch (WakeupException | InterruptException e) {
            if (!closed) {
                throw e;
            }
        } catch (RuntimeException e) {
            LOG.atError().setCause(e).addKeyValue("topic", topic).log("following ended");
            throw e;
        }
    }

    /** A topic that was made just now has no partitions yet, as the broker asked may say. */
    private List<TopicPartition> partitions(String topic) {
        List<TopicPartition> partitions =
                consumer.partitionsFor(topic).stream()
                        .map(info -> new TopicPartition(info.topic(), info.partition()))
                        .toList();
        if (partitions.isEmpty()) {
            throw new UnknownTopicOrPartitionException(topic + " has no partitions yet");
        }
        return partitions;
    }

    private boolean reached(Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream()
                .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    /** Asks until Kafka answers: a follower outlives a broker that is away. */
    private <T> T patiently(Supplier<T> question) {
        while (true) {
            try {
                return question.get();
            } catch (RetriableException notYet) {
                if (closed) {
                    throw new WakeupException();
                }
                LOG.atDebug().setCause(notYet).log("asking again");
                LockSupport.parkNanos(this, AGAIN.toNanos());
            }
        }
    }
}
