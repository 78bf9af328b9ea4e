// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.postgres.Secret;
import dev.godwit.schemas.topic.KafkaSettings;
import io.micronaut.context.env.Environment;
import io.micronaut.core.naming.conventions.StringConvention;
import java.util.Optional;
import java.util.function.Function;

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
        Function<String, Optional<String>> settings =
                key -> environment.getProperty(key, String.class);
        return new CaptureConfig(
                KafkaSettings.of(
                        settings,
                        environment.getProperties("godwit.kafka.properties", StringConvention.RAW)),
                Secret.ofSetting("godwit.keyset", settings),
                settings.apply("godwit.instance")
                        .filter(name -> !name.isBlank())
                        .map(name -> "capture-" + name),
                settings.apply("godwit.crash-at").map(CrashAt::parse));
    }

    /** Production's do nothing. */
    CrashPoints crashPoints() {
        return crashAt.<CrashPoints>map(CrashPointHalt::new).orElseGet(CrashPoints::none);
    }
}
