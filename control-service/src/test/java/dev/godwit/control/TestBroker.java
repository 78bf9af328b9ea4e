// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/** A real broker in this JVM, KRaft, on loopback. */
public final class TestBroker implements AutoCloseable {
    private final KafkaRaftServer server;
    private final String bootstrapServers;

    private TestBroker(KafkaRaftServer server, String bootstrapServers) {
        this.server = server;
        this.bootstrapServers = bootstrapServers;
    }

    public static TestBroker start(Path directory) throws Exception {
        // Kafka upper-cases its own constants in the default locale.
        Locale.setDefault(Locale.ROOT);
        String broker = "127.0.0.1:" + freePort();
        String controller = "127.0.0.1:" + freePort();
        new Formatter()
                .setPrintStream(
                        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8))
                .setNodeId(1)
                .setClusterId(Uuid.randomUuid().toString())
                .setDirectories(List.of(directory.toString()))
                .setMetadataLogDirectory(directory.toString())
                .setControllerListenerName("CONTROLLER")
                .run();
        var config =
                new HashMap<String, Object>(
                        Map.of(
                                "node.id", "1",
                                "process.roles", "broker,controller",
                                "listeners", "BROKER://" + broker + ",CONTROLLER://" + controller,
                                "inter.broker.listener.name", "BROKER",
                                "controller.listener.names", "CONTROLLER",
                                "listener.security.protocol.map",
                                        "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
                                "controller.quorum.voters", "1@" + controller,
                                "log.dirs", directory.toString()));
        config.putAll(
                Map.of(
                        "auto.create.topics.enable", "false",
                        "offsets.topic.replication.factor", "1",
                        "offsets.topic.num.partitions", "1",
                        "transaction.state.log.replication.factor", "1",
                        "transaction.state.log.min.isr", "1",
                        "transaction.state.log.num.partitions", "1",
                        "group.initial.rebalance.delay.ms", "0"));
        var server = new KafkaRaftServer(new KafkaConfig(config), Time.SYSTEM);
        server.startup();
        return new TestBroker(server, broker);
    }

    public String bootstrapServers() {
        return bootstrapServers;
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }

    private static int freePort() throws java.io.IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
