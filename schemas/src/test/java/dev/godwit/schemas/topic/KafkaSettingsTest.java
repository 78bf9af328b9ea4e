// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KafkaSettingsTest {
    private final Map<String, String> given =
            new HashMap<>(Map.of("godwit.kafka.bootstrap-servers", "kafka:9092"));

    @Test
    void theServersAreEnough() {
        assertThat(KafkaSettings.of(this::find, Map.of()))
                .isEqualTo(KafkaSettings.at("kafka:9092"));
    }

    @Test
    void everythingIsTaken() {
        given.put("godwit.kafka.replication-factor", " 3 ");

        assertThat(KafkaSettings.of(this::find, Map.of("socket.timeout.ms", 10)))
                .isEqualTo(
                        new KafkaSettings(
                                "kafka:9092", (short) 3, Map.of("socket.timeout.ms", "10")));
    }

    @Test
    void missingServersAreNamed() {
        given.clear();

        assertThatThrownBy(() -> KafkaSettings.of(this::find, Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("godwit.kafka.bootstrap-servers must be given");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "40000", "x3", "", "3.5"})
    void aReplicationFactorThatCannotBeIsNamed(String factor) {
        given.put("godwit.kafka.replication-factor", factor);

        assertThatThrownBy(() -> KafkaSettings.of(this::find, Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("godwit.kafka.replication-factor must be 0");
    }

    private Optional<String> find(String key) {
        return Optional.ofNullable(given.get(key));
    }
}
