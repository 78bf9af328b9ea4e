// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WrittenNameTest {
    @Test
    void splitsOutsideOfQuotesOnly() {
        assertThat(names("public.Orders")).containsExactly("public", "Orders");
        assertThat(names("\"a.b\".\"c\"\"d\"")).containsExactly("a.b", "c\"d");
        assertThat(names("a.b.c")).hasSize(3);
        assertThat(names(".")).containsExactly("", "");
    }

    @Test
    void knowsAStarFromATableNamedStar() {
        assertThat(WrittenName.split("public.*", '.').getLast().any()).isTrue();
        assertThat(WrittenName.split("public.\"*\"", '.').getLast().any()).isFalse();
    }

    @Test
    void findsACharacterOutsideOfQuotes() {
        assertThat(WrittenName.indexOf("\"a=b\".c=d", '=', 0)).isEqualTo(7);
        assertThat(WrittenName.indexOf("\"a=b\"", '=', 0)).isEqualTo(-1);
    }

    private static List<String> names(String text) {
        return WrittenName.split(text, '.').stream().map(WrittenName::name).toList();
    }
}
