// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.topic;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Creates and drops topics, each with explicit partitions, replication and cleanup. Repeating a
 * call changes nothing.
 */
public final class TopicAdmin {
    private static final int STATE_SEGMENT_BYTES = 16 * 1024 * 1024;

    private final Admin admin;
    private final short replicationFactor;

    public TopicAdmin(Admin admin, short replicationFactor)
            throws InterruptedException, ExecutionException {
        this.admin = admin;
        this.replicationFactor = replicationFactor > 0 ? replicationFactor : fitting(admin);
    }

    /** The topics that all migrations share. */
    public void createShared() throws InterruptedException, ExecutionException {
        create(
                List.of(
                        compacted(Topics.MIGRATIONS, Topics.MIGRATIONS_PARTITIONS),
                        compacted(Topics.STATUS, 1),
                        compacted(Topics.SCHEMAS, 1),
                        kept(Topics.AUDIT, 1)));
    }

    /** The topics of one database migration. */
    public void createFor(String databaseId, int loadPartitions)
            throws InterruptedException, ExecutionException {
        create(
                List.of(
                        kept(Topics.load(databaseId), loadPartitions, false),
                        kept(Topics.changes(databaseId), 1),
                        compacted(Topics.state(databaseId), 1)));
    }

    public void dropFor(String databaseId) throws InterruptedException, ExecutionException {
        for (var dropped : admin.deleteTopics(Topics.of(databaseId)).topicNameValues().values()) {
            try {
                dropped.get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw e;
                }
            }
        }
    }

    private void create(Collection<NewTopic> topics)
            throws InterruptedException, ExecutionException {
        for (var created : admin.createTopics(topics).values().values()) {
            try {
                created.get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
            }
        }
    }

    private NewTopic compacted(String name, int partitions) {
        return topic(
                name,
                partitions,
                true,
                Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        TopicConfig.CLEANUP_POLICY_COMPACT,
                        TopicConfig.SEGMENT_BYTES_CONFIG,
                        Integer.toString(STATE_SEGMENT_BYTES)));
    }

    private NewTopic kept(String name, int partitions) {
        return kept(name, partitions, true);
    }

    private NewTopic kept(String name, int partitions, boolean flushed) {
        return topic(
                name,
                partitions,
                flushed,
                Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE,
                        TopicConfig.RETENTION_MS_CONFIG, "-1",
                        TopicConfig.RETENTION_BYTES_CONFIG, "-1"));
    }

    /**
     * With one replica a record is as safe as its disk: flushed before it is acknowledged, but for
     * the load, which can be read again.
     */
    private NewTopic topic(
            String name, int partitions, boolean flushed, Map<String, String> cleanup) {
        var config = new HashMap<>(cleanup);
        config.put(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false");
        if (replicationFactor >= 3) {
            config.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, "2");
        } else {
            config.put(
                    TopicConfig.FLUSH_MESSAGES_INTERVAL_CONFIG,
                    Long.toString(flushed ? 1 : Long.MAX_VALUE));
        }
        return new NewTopic(name, partitions, replicationFactor).configs(config);
    }

    private static short fitting(Admin admin) throws InterruptedException, ExecutionException {
        return (short) (admin.describeCluster().nodes().get().size() >= 3 ? 3 : 1);
    }
}
