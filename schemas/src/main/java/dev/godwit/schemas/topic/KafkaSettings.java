// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.topic;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * How to reach the cluster. Clients are made here so that what correctness rests on (acks,
 * isolation, no silent reset) is set in one place; {@code passThrough} carries the operator's SASL
 * and TLS settings.
 *
 * @param replicationFactor of every topic; 0: 3 where the cluster has three brokers, else 1
 */
public record KafkaSettings(
        String bootstrapServers, short replicationFactor, Map<String, String> passThrough) {
    /** The most that a broker allows by default ({@code transaction.max.timeout.ms}). */
    private static final int TRANSACTION_TIMEOUT_MS = 900_000;

    private static final String SERVERS = "godwit.kafka.bootstrap-servers";
    private static final String REPLICATION = "godwit.kafka.replication-factor";
    private static final Pattern REPLICAS = Pattern.compile("[0-9]{1,4}");

    /**
     * Of all that is written, unless the operator wants another: rows shrink to a third and less,
     * and what is not written, flushed and sent again costs more time than the compression.
     */
    private static final String COMPRESSION = "lz4";

    public KafkaSettings {
        passThrough = Map.copyOf(passThrough);
    }

    /**
     * Under {@code godwit.kafka}.
     *
     * @param settings a service's settings by key, empty where one is not given
     * @param passThrough what is given under {@code godwit.kafka.properties}
     * @throws IllegalArgumentException naming a key that is missing or out of range
     */
    public static KafkaSettings of(
            Function<String, Optional<String>> settings, Map<String, ?> passThrough) {
        String servers =
                settings.apply(SERVERS)
                        .orElseThrow(
                                () -> new IllegalArgumentException(SERVERS + " must be given"));
        short replication =
                settings.apply(REPLICATION).map(KafkaSettings::replicas).orElse((short) 0);
        var more = new HashMap<String, String>();
        passThrough.forEach((key, value) -> more.put(key, String.valueOf(value)));
        return new KafkaSettings(servers, replication, more);
    }

    private static short replicas(String text) {
        if (!REPLICAS.matcher(text.strip()).matches()) {
            throw new IllegalArgumentException(
                    REPLICATION
                            + " must be 0 (automatic) or the number of replicas, but is "
                            + text);
        }
        return Short.parseShort(text.strip());
    }

    public static KafkaSettings at(String bootstrapServers) {
        return new KafkaSettings(bootstrapServers, (short) 0, Map.of());
    }

    public Map<String, Object> common() {
        var config = new HashMap<String, Object>(passThrough);
        config.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        return config;
    }

    public Admin admin() {
        return Admin.create(common());
    }

    /** An idempotent producer that never gives a record up by itself. */
    public KafkaProducer<String, byte[]> producer(Map<String, Object> more) {
        Map<String, Object> config = common();
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 60_000);
        config.putIfAbsent(ProducerConfig.COMPRESSION_TYPE_CONFIG, COMPRESSION);
        config.putAll(more);
        return new KafkaProducer<>(config, new StringSerializer(), new ByteArraySerializer());
    }

    /**
     * A transactional producer: {@code initTransactions} fences every other one of this id. A
     * broker may be away for as long as a transaction lives; no record is given up before.
     */
    public KafkaProducer<byte[], byte[]> transactionalProducer(
            String transactionalId, Map<String, Object> more) {
        Map<String, Object> config = common();
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
        config.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_TIMEOUT_MS);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 60_000);
        config.putIfAbsent(ProducerConfig.COMPRESSION_TYPE_CONFIG, COMPRESSION);
        config.putAll(more);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** A consumer that sees committed records only and stops where its offset is gone. */
    public KafkaConsumer<String, byte[]> consumer(Map<String, Object> more) {
        Map<String, Object> config = common();
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        config.putAll(more);
        return new KafkaConsumer<>(config, new StringDeserializer(), new ByteArrayDeserializer());
    }
}
