// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control;

import dev.godwit.postgres.Secret;
import dev.godwit.schemas.topic.KafkaSettings;
import io.micronaut.context.env.Environment;
import io.micronaut.core.naming.conventions.StringConvention;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Settings under {@code godwit.*}, read once at the start; a bad value stops the service and names
 * its key.
 *
 * @param keyset Tink's JSON, the same for the three services
 * @param token what a caller must send
 */
record ControlConfig(KafkaSettings kafka, Secret keyset, Secret token) {
    static ControlConfig of(Environment environment) {
        Function<String, Optional<String>> settings =
                key -> environment.getProperty(key, String.class);
        return new ControlConfig(
                KafkaSettings.of(
                        settings,
                        environment.getProperties("godwit.kafka.properties", StringConvention.RAW)),
                Secret.ofSetting("godwit.keyset", settings),
                Secret.ofSetting("godwit.token", settings));
    }

    /** As Micronaut wants a map of the bound values: none but the names are shown. */
    @Override
    public String toString() {
        return "ControlConfig" + Map.of("kafka", kafka.bootstrapServers());
    }
}
