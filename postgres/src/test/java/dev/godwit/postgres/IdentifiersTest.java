// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IdentifiersTest {
    @Test
    void quotesEveryName() {
        assertThat(Identifiers.quote("a\"b c")).isEqualTo("\"a\"\"b c\"");
        assertThat(Identifiers.quoteAll(List.of("a", "B"))).isEqualTo("\"a\", \"B\"");
        assertThat(new TableName("S x", "t.1").quoted()).isEqualTo("\"S x\".\"t.1\"");
    }

    @Test
    void aLiteralIsTheSameWhateverTheServerThinksOfBackslashes() {
        assertThat(Identifiers.literal("it's")).isEqualTo("'it''s'");
        assertThat(Identifiers.literal("a\\b'")).isEqualTo(" E'a\\\\b'''");
    }

    @Test
    void aPasswordIsNeverPrinted() {
        var settings =
                new ConnectionSettings(
                        "h", 5432, "d", "u", Secret.of("hunter2"), "prefer", Map.of());

        assertThat(settings.toString() + settings.password() + settings.url())
                .doesNotContain("hunter2");
    }

    @Test
    void aDatabaseNameOfAnyKindFitsTheUrl() {
        var settings =
                new ConnectionSettings(
                        "::1", 5432, "ü &?/x", "u", Secret.of("p"), "prefer", Map.of());

        assertThat(settings.url())
                .startsWith("jdbc:postgresql://[::1]:5432/")
                .doesNotContain("?")
                .doesNotContain(" ");
    }
}
