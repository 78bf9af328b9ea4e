// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.standalone.broker.EmbeddedBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** A real Kafka broker: in this JVM, as a process that faults can be done to, or in a container. */
public sealed interface Broker extends AutoCloseable {
    String bootstrapServers();

    @Override
    void close();

    default KafkaSettings settings() {
        return KafkaSettings.at(bootstrapServers());
    }

    static Path freshFolder() {
        try {
            Files.createDirectories(Servers.FOLDER);
            return Files.createTempDirectory(Servers.FOLDER, "broker-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** In this JVM. */
    record InThisJvm(EmbeddedBroker broker) implements Broker {
        static InThisJvm start() {
            return new InThisJvm(EmbeddedBroker.start(freshFolder()));
        }

        @Override
        public String bootstrapServers() {
            return broker.bootstrapServers();
        }

        @Override
        public void close() {
            broker.close();
        }
    }

    /** A process of its own on a fixed port, which takes its folder up again after a kill. */
    final class AsProcess implements Broker {
        private static final Duration START = Duration.ofSeconds(90);

        private final Path folder = freshFolder();
        private final int port = freePort();
        private JavaProcess process;

        private AsProcess() {
            process = run();
        }

        static AsProcess start() {
            AsProcess broker = new AsProcess();
            broker.awaitAnswer();
            return broker;
        }

        @Override
        public String bootstrapServers() {
            return "127.0.0.1:" + port;
        }

        public JavaProcess process() {
            return process;
        }

        /** Starts it again after a kill. */
        public void restart() {
            process = run();
            awaitAnswer();
        }

        @Override
        public void close() {
            process.close();
        }

        private JavaProcess run() {
            return JavaProcess.start(
                    "broker",
                    "dev.godwit.tests.harness.BrokerMain",
                    List.of("-Xmx384m"),
                    Map.of(),
                    List.of(folder.toString(), Integer.toString(port)));
        }

        private void awaitAnswer() {
            try (Admin admin = settings().admin()) {
                Awaitility.await("the broker answers")
                        .atMost(START)
                        .until(() -> {
                            try {
                                return !admin.describeCluster()
                                        .nodes()
                                        .get(5, TimeUnit.SECONDS)
                                        .isEmpty();
                            } catch (ExecutionException | TimeoutException notYet) {
                                return false;
                            }
                        });
            }
        }
    }

    /** The public image {@code apache/kafka}. */
    record InContainer(GenericContainer<?> container, int port) implements Broker {
        private static final String IMAGE = "apache/kafka:4.3.1";
        private static final int INNER = 9092;

        static InContainer start() {
            int port = freePort();
            GenericContainer<?> container =
                    new GenericContainer<>(DockerImageName.parse(IMAGE))
                            .withEnv("KAFKA_NODE_ID", "1")
                            .withEnv("KAFKA_PROCESS_ROLES", "broker,controller")
                            .withEnv("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093")
                            .withEnv("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER")
                            .withEnv(
                                    "KAFKA_LISTENERS",
                                    "PLAINTEXT://0.0.0.0:"
                                            + INNER
                                            + ",CONTROLLER://0.0.0.0:9093,BROKER://localhost:9094")
                            // The broker asks itself about transactions, by an address that it
                            // must reach from inside.
                            .withEnv(
                                    "KAFKA_ADVERTISED_LISTENERS",
                                    "PLAINTEXT://localhost:" + port + ",BROKER://localhost:9094")
                            .withEnv("KAFKA_INTER_BROKER_LISTENER_NAME", "BROKER")
                            .withEnv(
                                    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
                                    "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT")
                            .withEnv("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1")
                            .withEnv("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
                            .withEnv("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")
                            .withEnv("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")
                            .withEnv("KAFKA_MESSAGE_MAX_BYTES", "2097152")
                            .withExposedPorts(INNER)
                            .waitingFor(
                                    Wait.forListeningPort()
                                            .withStartupTimeout(Duration.ofMinutes(2)));
            container.setPortBindings(List.of(port + ":" + INNER));
            container.start();
            return new InContainer(container, port);
        }

        @Override
        public String bootstrapServers() {
            return "localhost:" + port;
        }

        @Override
        public void close() {
            container.stop();
        }
    }
}
