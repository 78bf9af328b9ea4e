// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.engine;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.standalone.broker.EmbeddedBroker;
import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A broker and the three services. They know nothing of sharing a process: they meet in the broker,
 * as anywhere.
 */
public final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final String LOOPBACK = "127.0.0.1";
    private static final int TOKEN_BYTES = 24;

    private final DataDirectory directory;
    private final EmbeddedBroker broker;
    private final List<ApplicationContext> services;
    private final ServerAddress address;

    private Engine(
            DataDirectory directory,
            EmbeddedBroker broker,
            List<ApplicationContext> services,
            ServerAddress address) {
        this.directory = directory;
        this.broker = broker;
        this.services = List.copyOf(services);
        this.address = address;
    }

    /** Starts everything and announces its address in the directory. */
    public static Engine start(DataDirectory directory) throws InterruptedException {
        return start(directory, Services.ALL);
    }

    static Engine start(DataDirectory directory, List<Service> services)
            throws InterruptedException {
        EmbeddedBroker broker = EmbeddedBroker.start(directory.broker());
        var started = new ArrayList<ApplicationContext>();
        boolean whole = false;
        try {
            var address =
                    new ServerAddress(
                            URI.create("http://" + LOOPBACK + ":" + freePort()), newToken());
            startAll(services, common(directory, broker), address, started);
            directory.announce(address);
            whole = true;
            return new Engine(directory, broker, started, address);
        } catch (IOException | GeneralSecurityException e) {
            throw new MigrationException(
                    ErrorCode.INTERNAL, "the engine cannot use " + directory.path(), e);
        } finally {
            if (!whole) {
                closeAll(started, broker);
            }
        }
    }

    public ServerAddress address() {
        return address;
    }

    /**
     * Stops the services, then the broker; every stream goes on from where it is at the next start.
     */
    @Override
    public void close() {
        closeAll(services, broker);
        try {
            directory.withdraw();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Object> common(DataDirectory directory, EmbeddedBroker broker)
            throws IOException, GeneralSecurityException {
        return Map.of(
                "godwit.kafka.bootstrap-servers",
                broker.bootstrapServers(),
                "godwit.kafka.replication-factor",
                1,
                "godwit.keyset",
                directory.keyset(),
                // A static member: started again after a kill, it has its partitions back at once.
                "godwit.instance",
                "standalone",
                "micronaut.server.host",
                LOOPBACK);
    }

    private static void startAll(
            List<Service> services,
            Map<String, Object> common,
            ServerAddress address,
            List<ApplicationContext> started)
            throws InterruptedException, IOException {
        try (var threads =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofPlatform().name("start-", 0).factory())) {
            var starting = new ArrayList<Future<ApplicationContext>>();
            for (Service service : services) {
                var properties = new HashMap<>(common);
                properties.put("godwit.token", address.token());
                properties.put(
                        "micronaut.server.port",
                        service.name().equals(Services.CONTROL)
                                ? address.url().getPort()
                                : freePort());
                Callable<ApplicationContext> start = () -> service.start(properties);
                starting.add(threads.submit(start));
            }
            ExecutionException failure = null;
            for (Future<ApplicationContext> each : starting) {
                try {
                    started.add(each.get());
                } catch (ExecutionException e) {
                    failure = e;
                }
            }
            if (failure != null) {
                throw new MigrationException(
                        ErrorCode.INTERNAL, "a service does not start", failure.getCause());
            }
        }
    }

    /** All services side by side: each may wait for its own connections to end. */
    private static void closeAll(List<ApplicationContext> services, EmbeddedBroker broker) {
        try (var threads =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofPlatform().name("stop-", 0).factory())) {
            services.forEach(service -> threads.execute(() -> closeOne(service)));
        }
        broker.close();
    }

    private static void closeOne(ApplicationContext service) {
        try {
            service.close();
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("a service did not stop in order");
        }
    }

    private static String newToken() {
        var bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
