// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.TableRule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TableRulesTest {
    @Test
    void readsNamesAsTheyAreWritten() {
        TableRule rule = TableRules.read("m", "\"a.b\".Orders", "crm.\"we\"\"ird\"", null, null);

        assertThat(rule.getNamespace()).isEqualTo("a.b");
        assertThat(rule.getTable()).isEqualTo("Orders");
        assertThat(rule.getTargetNamespace()).isEqualTo("crm");
        assertThat(rule.getTargetTable()).isEqualTo("we\"ird");
        assertThat(TableRules.read("m", "a.*", "b.*", null, null).getTable()).isNull();
        assertThat(TableRules.read("m", "a.\"*\"", "b.c", null, null).getTable()).isEqualTo("*");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "id > 1",
                "note = ';)' AND \"odd;)\" IS NULL",
                "note = '\\' OR note = 'it''s (;)'",
                "at > date '2030-01-01' AND note = U&'\\0041;)'",
                "note = $$;)$$ AND a - b < c / 2",
                "(a OR (b))"
            })
    void takesOneCondition(String condition) {
        assertThat(TableRules.read("m", "a.b", null, condition, null).getFilter())
                .isEqualTo(condition);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "true); DROP TABLE t; --",
                "true) OR (true",
                "(true",
                "true; SELECT 1",
                "true -- and false",
                "true /* and */",
                "note = 'open",
                "\"open = 1",
                "note = $$open",
                "E'\\'' IS NULL); COMMIT; SELECT ('",
                "e'\\'' IS NULL); COMMIT; SELECT ('",
                "true AND $$ $$E'\\'' = note); COMMIT; SELECT ('",
                "note = E'plain'"
            })
    void refusesWhatIsNotOneCondition(String condition) {
        assertThatThrownBy(() -> TableRules.read("m", "a.b", null, condition, null))
                .isInstanceOf(MigrationException.class)
                .hasMessageContaining("m.where");
    }

    @Test
    void namesTheFieldThatIsWrong() {
        refuses("m.source", "orders", "b.c", null);
        refuses("m.source", "a.b.c", "b.c", null);
        refuses("m.source", "*.b", "b.c", null);
        refuses("m.target", "a.*", "b.c", null);
        refuses("m.target", "a.b", "b.*", null);
        refuses("m.columns", "a.*", null, List.of("id"));
        refuses("m.columns", "a.b", null, List.of());
        refuses("m.columns", "a.b", null, List.of("id", "id"));
        refuses("m must", "a.b", null, null);
    }

    private static void refuses(
            String field,
            String source,
            @org.jspecify.annotations.Nullable String target,
            @org.jspecify.annotations.Nullable List<String> columns) {
        assertThatThrownBy(() -> TableRules.read("m", source, target, null, columns))
                .isInstanceOf(MigrationException.class)
                .hasMessageContaining(field);
    }
}
