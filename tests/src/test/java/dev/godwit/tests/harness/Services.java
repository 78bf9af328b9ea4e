// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** The three services, each of which can be stopped and started. */
public sealed interface Services extends AutoCloseable {
    Duration START = Duration.ofSeconds(90);

    void start(Service service);

    void stop(Service service);

    /** Address of control's API. */
    URI api();

    @Override
    void close();

    /** What all three are configured with. */
    record Configuration(String bootstrapServers, String keyset, String token) {}

    /** In this JVM, as {@code godwit migrate} runs them. */
    final class InThisJvm implements Services {
        private final Configuration configuration;
        private final int port = Broker.freePort();
        private final Map<Service, ApplicationContext> running = new EnumMap<>(Service.class);

        InThisJvm(Configuration configuration) {
            this.configuration = configuration;
            for (Service service : Service.values()) {
                start(service);
            }
        }

        @Override
        public void start(Service service) {
            Map<String, Object> properties = new HashMap<>();
            properties.put("godwit.kafka.bootstrap-servers", configuration.bootstrapServers());
            properties.put("godwit.keyset", configuration.keyset());
            properties.put("godwit.token", configuration.token());
            properties.put("micronaut.server.host", "127.0.0.1");
            properties.put(
                    "micronaut.server.port", service == Service.CONTROL ? port : Broker.freePort());
            running.put(
                    service,
                    switch (service) {
                        case CONTROL -> dev.godwit.control.Main.start(properties);
                        case CAPTURE -> dev.godwit.capture.Main.start(properties);
                        case APPLY -> dev.godwit.apply.Main.start(properties);
                    });
        }

        @Override
        public void stop(Service service) {
            ApplicationContext context = running.remove(service);
            if (context != null) {
                context.close();
            }
        }

        @Override
        public URI api() {
            return URI.create("http://127.0.0.1:" + port);
        }

        @Override
        public void close() {
            for (Service service : Service.values()) {
                stop(service);
            }
        }
    }

    /** Each a process of its own. */
    final class AsProcesses implements Services {
        private final Configuration configuration;
        private final Map<Service, Integer> ports = new EnumMap<>(Service.class);
        private final Map<Service, JavaProcess> running = new EnumMap<>(Service.class);

        AsProcesses(Configuration configuration) {
            this.configuration = configuration;
            for (Service service : Service.values()) {
                ports.put(service, Broker.freePort());
                running.put(service, run(service, Map.of(), port(service)));
            }
            for (Service service : Service.values()) {
                awaitHealth(port(service));
            }
        }

        /** Starts it without waiting for more than the process. */
        @Override
        public void start(Service service) {
            start(service, Map.of());
        }

        /** Starts it with further environment variables, for example a crash point. */
        public void start(Service service, Map<String, String> environment) {
            JavaProcess old = running.get(service);
            if (old != null && old.alive()) {
                throw new IllegalStateException(service + " runs");
            }
            running.put(service, run(service, environment, port(service)));
        }

        /**
         * Starts it so that it dies, as by kill -9, when it reaches the point for the n-th time.
         */
        public void startDyingAt(Service service, String crashPoint, int reached) {
            start(service, Map.of("GODWIT_CRASH_AT", crashPoint + ":" + reached));
        }

        /** Another instance beside the one that runs. The caller closes it. */
        public JavaProcess startAnother(Service service) {
            return run(service, Map.of(), Broker.freePort());
        }

        public JavaProcess process(Service service) {
            JavaProcess process = running.get(service);
            if (process == null) {
                throw new IllegalStateException(service + " was never started");
            }
            return process;
        }

        public void kill(Service service) {
            process(service).kill();
        }

        @Override
        public void stop(Service service) {
            JavaProcess process = process(service);
            if (process.alive()) {
                process.terminate();
            }
        }

        /** Starts what does not run and waits until all answer. */
        public void startAll() {
            for (Service service : Service.values()) {
                if (!process(service).alive()) {
                    start(service);
                }
            }
            for (Service service : Service.values()) {
                awaitHealth(port(service));
            }
        }

        public void awaitHealth(Service service) {
            awaitHealth(port(service));
        }

        @Override
        public URI api() {
            return URI.create("http://127.0.0.1:" + port(Service.CONTROL));
        }

        @Override
        public void close() {
            running.values().forEach(JavaProcess::close);
        }

        private int port(Service service) {
            return java.util.Objects.requireNonNull(ports.get(service));
        }

        private JavaProcess run(Service service, Map<String, String> more, int port) {
            Map<String, String> environment = new HashMap<>();
            environment.put("GODWIT_KAFKA_BOOTSTRAP_SERVERS", configuration.bootstrapServers());
            environment.put("GODWIT_KEYSET", configuration.keyset());
            environment.put("GODWIT_TOKEN", configuration.token());
            environment.put("MICRONAUT_SERVER_HOST", "127.0.0.1");
            environment.put("MICRONAUT_SERVER_PORT", Integer.toString(port));
            environment.putAll(more);
            return JavaProcess.start(
                    service.name().toLowerCase(java.util.Locale.ROOT),
                    service.main(),
                    List.of("-Xmx256m"),
                    environment,
                    List.of());
        }

        private static void awaitHealth(int port) {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health"))
                            .timeout(Duration.ofSeconds(5))
                            .build();
            try (HttpClient client = HttpClient.newHttpClient()) {
                Awaitility.await("health at " + port)
                        .atMost(START)
                        .pollInterval(Duration.ofMillis(200))
                        .until(() -> {
                            try {
                                return client.send(request, HttpResponse.BodyHandlers.discarding())
                                                .statusCode()
                                        == 200;
                            } catch (IOException notYet) {
                                return false;
                            }
                        });
            }
        }
    }
}
