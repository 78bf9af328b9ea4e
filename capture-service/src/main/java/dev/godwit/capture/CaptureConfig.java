// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.postgres.Secret;
import dev.godwit.schemas.topic.KafkaSettings;
import io.micronaut.context.env.Environment;
import io.micronaut.core.naming.conventions.StringConvention;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Optional;

/**
 * Settings under {@code godwit.*}, read once at the start; a bad value stops the service and names
 * its key.
 *
 * @param keyset Tink's JSON, the same for the three services
 * @param instance a name of this process that survives its restart: its partitions wait for it for
 *     ten seconds; empty: none
 * @param crashAt for tests: where the process halts, and at the how many-th time
 */
record CaptureConfig(
        KafkaSettings kafka, Secret keyset, Optional<String> instance, Optional<CrashAt> crashAt) {
    /** For tests. */
    record CrashAt(CrashPoint point, int times) {
        static CrashAt parse(String text) {
            String[] parts = text.split(":", 2);
            return new CrashAt(
                    CrashPoint.valueOf(parts[0]),
                    parts.length == 1 ? 1 : Integer.parseInt(parts[1]));
        }
    }

    static CaptureConfig of(Environment environment) {
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
        return new CaptureConfig(
                new KafkaSettings(servers, (short) replication, more),
                secret(environment, "godwit.keyset"),
                environment
                        .getProperty("godwit.instance", String.class)
                        .filter(name -> !name.isBlank())
                        .map(name -> "capture-" + name),
                environment.getProperty("godwit.crash-at", String.class).map(CrashAt::parse));
    }

    /** Production's do nothing. */
    CrashPoints crashPoints() {
        return crashAt.<CrashPoints>map(CrashPointHalt::new).orElseGet(CrashPoints::none);
    }

    private static Secret secret(Environment environment, String key) {
        Optional<String> given = environment.getProperty(key, String.class);
        Optional<String> file = environment.getProperty(key + "-file", String.class);
        require(given.isPresent() || file.isPresent(), key + " or " + key + "-file must be given");
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
}
