// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.broker;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;

/**
 * A Kafka broker and its controller in this JVM, KRaft, on loopback. Its directory is formatted at
 * the first start and taken up again at each later one, also after the process was killed; the port
 * may differ from start to start. One process per directory: Kafka locks it. Starting sets the
 * JVM's default locale to the root one, which Kafka needs.
 */
public final class EmbeddedBroker implements AutoCloseable {
    private final KafkaRaftServer server;
    private final BrokerSettings settings;

    private EmbeddedBroker(KafkaRaftServer server, BrokerSettings settings) {
        this.server = server;
        this.settings = settings;
    }

    /** Starts on a free port. */
    public static EmbeddedBroker start(Path directory) {
        return start(directory, 0);
    }

    /**
     * Starts, and returns when the broker answers clients.
     *
     * @param directory holds the log; created if missing
     * @param port of the clients' listener; 0: a free one
     * @throws MigrationException BROKER_FAILED if it cannot start there
     */
    public static EmbeddedBroker start(Path directory, int port) {
        // Kafka upper-cases names of its own constants in the default locale, at any time: in
        // Turkish "classic" is none.
        Locale.setDefault(Locale.ROOT);
        try {
            Path logs = Files.createDirectories(directory).toAbsolutePath();
            var settings = new BrokerSettings(logs, port == 0 ? freePort() : port, freePort());
            format(logs);
            return started(settings);
        } catch (IOException e) {
            throw new MigrationException(
                    ErrorCode.BROKER_FAILED, "the embedded broker cannot use " + directory, e);
        }
    }

    public String bootstrapServers() {
        return settings.bootstrapServers();
    }

    public int port() {
        return settings.port();
    }

    /** Flushes and stops in order; the next start then has nothing to recover. */
    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }

    private static EmbeddedBroker started(BrokerSettings settings) {
        var server = new KafkaRaftServer(new KafkaConfig(settings.toMap()), Time.SYSTEM);
        try {
            server.startup();
            return new EmbeddedBroker(server, settings);
        } catch (RuntimeException e) {
            server.shutdown();
            throw new MigrationException(
                    ErrorCode.BROKER_FAILED,
                    "the embedded broker does not start at " + settings.bootstrapServers(),
                    e);
        }
    }

    private static void format(Path logs) throws IOException {
        if (Files.exists(logs.resolve("meta.properties"))) {
            return;
        }
        var words = new ByteArrayOutputStream();
        try {
            new Formatter()
                    .setPrintStream(new PrintStream(words, true, StandardCharsets.UTF_8))
                    .setNodeId(BrokerSettings.NODE_ID)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setDirectories(List.of(logs.toString()))
                    .setMetadataLogDirectory(logs.toString())
                    .setControllerListenerName(BrokerSettings.CONTROLLER)
                    .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
                    .setIgnoreFormatted(true)
                    .run();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(
                    "formatting failed: " + words.toString(StandardCharsets.UTF_8), e);
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
