// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The load topic of one database migration, for writing. Sends block while the producer's buffer is
 * full, so the broker sets the pace.
 */
final class LoadTopic implements AutoCloseable {
    private static final Duration CLOSE_MOST = Duration.ofSeconds(2);

    /** A Kafka record's own fields and a batch's header. */
    private static final int OVERHEAD_BYTES = 4096;

    private static final long BUFFER_BYTES = 32L << 20;

    private final String topic;
    private final KafkaProducer<String, byte[]> producer;
    private final List<ReentrantLock> pieces;

    LoadTopic(KafkaSettings kafka, String databaseId, int blockBytes) {
        this.topic = Topics.load(databaseId);
        this.producer =
                kafka.producer(
                        Map.of(
                                ProducerConfig.CLIENT_ID_CONFIG,
                                "load-" + databaseId,
                                ProducerConfig.BATCH_SIZE_CONFIG,
                                blockBytes + OVERHEAD_BYTES,
                                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                                Math.max(1 << 20, 2 * blockBytes),
                                ProducerConfig.BUFFER_MEMORY_CONFIG,
                                BUFFER_BYTES,
                                ProducerConfig.LINGER_MS_CONFIG,
                                0,
                                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                                Integer.MAX_VALUE));
        this.pieces =
                IntStream.range(0, producer.partitionsFor(topic).size())
                        .mapToObj(partition -> new ReentrantLock(true))
                        .toList();
    }

    int partitions() {
        return pieces.size();
    }

    /** Held while a piece is written to that partition, so that nothing else stands inside it. */
    ReentrantLock piece(int partition) {
        return pieces.get(partition);
    }

    /** The callback gets what the future would. */
    @SuppressWarnings("FutureReturnValueIgnored")
    void send(int partition, byte[] value, Callback acknowledged) {
        producer.send(new ProducerRecord<>(topic, partition, null, value), acknowledged);
    }

    @Override
    public void close() {
        producer.close(CLOSE_MOST);
    }
}
