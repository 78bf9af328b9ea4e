// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control;

import dev.godwit.postgres.Secret;
import dev.godwit.schemas.topic.KafkaSettings;
import io.micronaut.context.env.Environment;
import io.micronaut.core.naming.conventions.StringConvention;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Settings under {@code godwit.*}, read once at the start; a bad value stops the service and names
 * its key.
 *
 * @param keyset Tink's JSON, the same for the three services
 * @param token what a caller must send
 */
record ControlConfig(KafkaSettings kafka, Secret keyset, Secret token) {
    static ControlConfig of(Environment environment) {
        String servers =
                environment
                        .getProperty("godwit.kafka.bootstrap-servers", String.class)
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "godwit.kafka.bootstrap-servers must be given"));
        int replication =
                environment.getProperty("godwit.kafka.replication-factor", Integer.class).orElse(0);
        require(
                replication >= 0 && replication <= Short.MAX_VALUE,
                "godwit.kafka.replication-factor must be 0 (automatic) or the number of replicas");
        var more = new HashMap<String, String>();
        environment
                .getProperties("godwit.kafka.properties", StringConvention.RAW)
                .forEach((key, value) -> more.put(key, String.valueOf(value)));
        return new ControlConfig(
                new KafkaSettings(servers, (short) replication, more),
                secret(environment, "godwit.keyset"),
                secret(environment, "godwit.token"));
    }

    private static Secret secret(Environment environment, String key) {
        Optional<String> given = environment.getProperty(key, String.class);
        Optional<String> file = environment.getProperty(key + "-file", String.class);
        require(
                given.isPresent() || file.isPresent(),
                "%s or %1$s-file must be given".formatted(key));
        return Secret.of(given.orElseGet(() -> read(Path.of(file.orElseThrow()))).strip());
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    /** As Micronaut wants a map of the bound values: none but the names are shown. */
    @Override
    public String toString() {
        return "ControlConfig" + Map.of("kafka", kafka.bootstrapServers());
    }
}
