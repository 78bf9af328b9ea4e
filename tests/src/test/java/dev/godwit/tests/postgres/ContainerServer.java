// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.postgres;

import java.time.Duration;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/** A server in a container of the public image {@code postgres:N}. */
public final class ContainerServer implements PostgresServer {
    private static final int PORT = 5432;

    private final int major;
    private final GenericContainer<?> container;

    private ContainerServer(int major, GenericContainer<?> container) {
        this.major = major;
        this.container = container;
    }

    public static ContainerServer create(int major) {
        GenericContainer<?> container =
                new GenericContainer<>("postgres:" + major)
                        .withEnv("POSTGRES_PASSWORD", Roles.SUPERUSER.password())
                        .withCommand(
                                "postgres",
                                "-c",
                                "listen_addresses=*",
                                "-c",
                                "wal_level=logical",
                                "-c",
                                "max_replication_slots=16",
                                "-c",
                                "max_wal_senders=16",
                                "-c",
                                "max_prepared_transactions=8",
                                "-c",
                                "fsync=off")
                        .withExposedPorts(PORT)
                        .waitingFor(
                                Wait.forLogMessage(".*ready to accept connections.*\\n", 2)
                                        .withStartupTimeout(Duration.ofMinutes(2)));
        container.start();
        ContainerServer server = new ContainerServer(major, container);
        server.createRoles();
        return server;
    }

    @Override
    public int major() {
        return major;
    }

    @Override
    public String host() {
        return container.getHost();
    }

    @Override
    public int port() {
        return container.getMappedPort(PORT);
    }

    @Override
    public void start() {
        throw new UnsupportedOperationException("faults are tried on servers that are processes");
    }

    @Override
    public void stopImmediately() {
        throw new UnsupportedOperationException("faults are tried on servers that are processes");
    }

    @Override
    public void stopFast() {
        throw new UnsupportedOperationException("faults are tried on servers that are processes");
    }

    @Override
    public void close() {
        container.stop();
    }
}
