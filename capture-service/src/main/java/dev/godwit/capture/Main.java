// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import io.micronaut.context.ApplicationContext;
import io.micronaut.context.env.PropertySource;
import io.micronaut.context.env.yaml.YamlPropertySourceLoader;
import io.micronaut.runtime.server.EmbeddedServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;

/** Starts the capture service, as a process of its own or inside another JVM. */
public final class Main {
    private static final String DEFAULTS = "capture-service";

    /** Below environment variables and system properties, so that both override it. */
    private static final int DEFAULTS_ORDER = -300;

    private Main() {}

    public static void main(String[] arguments) throws InterruptedException {
        ApplicationContext context = start(Map.of());
        var ended = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        Thread.ofPlatform()
                                .unstarted(() -> {
                                    context.close();
                                    ended.countDown();
                                }));
        ended.await();
    }

    /**
     * Returns when it has joined the group. Closing the context stops everything.
     *
     * @param properties override capture-service.yml, environment variables and system properties
     */
    public static ApplicationContext start(Map<String, Object> properties) {
        var given = new HashMap<>(properties);
        given.put("godwit.service", "capture");
        ApplicationContext context =
                ApplicationContext.builder()
                        .banner(false)
                        .deduceEnvironment(false)
                        .propertySources(PropertySource.of(DEFAULTS, defaults(), DEFAULTS_ORDER))
                        .properties(given)
                        .start();
        context.getBean(EmbeddedServer.class).start();
        return context;
    }

    private static Map<String, Object> defaults() {
        String file = "/" + DEFAULTS + ".yml";
        try (InputStream yaml =
                Objects.requireNonNull(Main.class.getResourceAsStream(file), file)) {
            return new YamlPropertySourceLoader().read(DEFAULTS, yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
