// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.broker;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The settings of a cluster of one (Kafka docs, "Broker Configs"). What a record's safety rests on
 * with one replica is its flush before the acknowledgement, so that is the default here; the load
 * topics opt out of it themselves.
 */
record BrokerSettings(Path logs, int port, int controllerPort) {
    static final int NODE_ID = 1;
    static final String CONTROLLER = "CONTROLLER";
    private static final String CLIENTS = "CLIENTS";
    private static final String LOOPBACK = "127.0.0.1";

    Map<String, String> toMap() {
        var settings = new LinkedHashMap<String, String>();
        identity(settings);
        coordinators(settings);
        durability(settings);
        sizes(settings);
        return settings;
    }

    String bootstrapServers() {
        return LOOPBACK + ":" + port;
    }

    private void identity(Map<String, String> settings) {
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", Integer.toString(NODE_ID));
        settings.put(
                "listeners",
                CLIENTS
                        + "://"
                        + bootstrapServers()
                        + ","
                        + CONTROLLER
                        + "://"
                        + LOOPBACK
                        + ":"
                        + controllerPort);
        settings.put("advertised.listeners", CLIENTS + "://" + bootstrapServers());
        settings.put(
                "listener.security.protocol.map",
                CLIENTS + ":PLAINTEXT," + CONTROLLER + ":PLAINTEXT");
        settings.put("inter.broker.listener.name", CLIENTS);
        settings.put("controller.listener.names", CONTROLLER);
        // Voters by configuration, not in the log: the port may be another one at the next start.
        settings.put("controller.quorum.voters", NODE_ID + "@" + LOOPBACK + ":" + controllerPort);
        settings.put("log.dirs", logs.toString());
        settings.put("auto.create.topics.enable", "false");
        // A killed broker's registration stands until its session ends, and the next start waits
        // for that.
        settings.put("broker.session.timeout.ms", "3000");
        settings.put("broker.heartbeat.interval.ms", "500");
    }

    private static void coordinators(Map<String, String> settings) {
        settings.put("offsets.topic.replication.factor", "1");
        settings.put("offsets.topic.num.partitions", "4");
        settings.put("transaction.state.log.replication.factor", "1");
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("transaction.state.log.num.partitions", "4");
        settings.put("share.coordinator.state.topic.replication.factor", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");
        settings.put("transaction.max.timeout.ms", "900000");
        settings.put("add.partitions.to.txn.retry.backoff.ms", "1");
        settings.put("group.initial.rebalance.delay.ms", "0");
        // A migration may stand for weeks between two commits of its group.
        settings.put("offsets.retention.minutes", Integer.toString(Integer.MAX_VALUE));
    }

    private static void durability(Map<String, String> settings) {
        settings.put("default.replication.factor", "1");
        settings.put("min.insync.replicas", "1");
        settings.put("unclean.leader.election.enable", "false");
        settings.put("log.flush.interval.messages", "1");
        settings.put("log.retention.ms", "-1");
        settings.put("log.retention.bytes", "-1");
        settings.put("log.cleanup.policy", "delete");
    }

    private static void sizes(Map<String, String> settings) {
        settings.put("message.max.bytes", Integer.toString(2 * 1024 * 1024));
        // A trimmed record's disk is free only when its whole segment is below the log's start.
        settings.put("log.segment.bytes", Integer.toString(64 * 1024 * 1024));
        settings.put("log.index.size.max.bytes", Integer.toString(1024 * 1024));
        settings.put("log.retention.check.interval.ms", "5000");
        settings.put("log.initial.task.delay.ms", "5000");
        settings.put("log.segment.delete.delay.ms", "1000");
        settings.put("log.cleaner.enable", "true");
        settings.put("log.cleaner.threads", "1");
        settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(8 * 1024 * 1024));
        settings.put("log.cleaner.io.buffer.size", Integer.toString(1024 * 1024));
        settings.put("num.network.threads", "2");
        settings.put("num.io.threads", "4");
        settings.put("num.recovery.threads.per.data.dir", "2");
        settings.put("background.threads", "2");
        settings.put("metadata.log.segment.bytes", Integer.toString(16 * 1024 * 1024));
    }
}
