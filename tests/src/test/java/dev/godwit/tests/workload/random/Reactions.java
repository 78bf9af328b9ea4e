// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import dev.godwit.tests.workload.random.RandomTable.Trait;
import java.util.List;
import java.util.Set;

/**
 * Triggers and rules: they change the row that is written, or leave a row in their schema's audit;
 * on the target each of them would do it once more. And policies, which hide rows.
 */
final class Reactions {
    private Reactions() {}

    static RandomTable audit(String schema) {
        RandomColumn what = RandomColumn.plain("what", BuiltInTypes.TEXT);
        return new RandomTable(
                schema + ".audit",
                List.of(RandomColumn.plain("who", BuiltInTypes.TEXT), what),
                List.of(),
                List.of(),
                Set.of(),
                List.of(schema + ".audit"));
    }

    static List<String> functions(String schema) {
        return List.of(
                """
                CREATE FUNCTION %s.touch() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN NEW.note := left(reverse(NEW.note), 40) || '!'; RETURN NEW; END $$
                """
                        .formatted(schema),
                """
                CREATE FUNCTION %1$s.log() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN INSERT INTO %1$s.audit VALUES ('trigger', TG_OP); RETURN NULL; END $$
                """
                        .formatted(schema));
    }

    static void add(Dice dice, TableDraft draft) {
        if (dice.chance(15)) {
            // Its owner, who migrates and who writes, sees every row.
            draft.after.add("ALTER TABLE %s ENABLE ROW LEVEL SECURITY".formatted(draft.name()));
        }
        if (draft.columns.isEmpty() || draft.traits.contains(Trait.DEFERRABLE)) {
            return;
        }
        if (dice.chance(25)) {
            trigger(
                    dice,
                    draft,
                    "touch",
                    "BEFORE INSERT OR UPDATE ON %s FOR EACH ROW".formatted(draft.name()));
        }
        if (dice.chance(15)) {
            trigger(
                    dice,
                    draft,
                    "log",
                    "AFTER %s ON %s FOR EACH %s"
                            .formatted(
                                    dice.pick("DELETE", "UPDATE", "INSERT OR DELETE"),
                                    draft.name(),
                                    dice.pick("ROW", "STATEMENT")));
        }
        if (dice.chance(10)) {
            draft.traits.add(Trait.RULES);
            String rule = draft.sub("rule");
            draft.after.add(
                    "CREATE RULE %s AS ON %s TO %s DO ALSO INSERT INTO %s.audit VALUES ('rule', 'x')"
                            .formatted(
                                    rule,
                                    dice.pick("INSERT", "DELETE"),
                                    draft.name(),
                                    draft.schema));
            if (dice.chance(50)) {
                draft.after.add(
                        "ALTER TABLE %s ENABLE ALWAYS RULE %s".formatted(draft.name(), rule));
            }
        }
    }

    private static void trigger(Dice dice, TableDraft draft, String function, String when) {
        String trigger = draft.sub(function);
        draft.after.add(
                "CREATE TRIGGER %s %s EXECUTE PROCEDURE %s.%s()"
                        .formatted(trigger, when, draft.schema, function));
        String firing = dice.pick("", "ENABLE ALWAYS", "ENABLE REPLICA", "ENABLE ALWAYS");
        if (!firing.isEmpty()) {
            draft.after.add(
                    "ALTER TABLE %s %s TRIGGER %s".formatted(draft.name(), firing, trigger));
        }
    }
}
