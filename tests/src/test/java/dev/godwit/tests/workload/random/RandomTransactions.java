// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import dev.godwit.tests.workload.random.RandomTable.Trait;
import dev.godwit.tests.workload.random.RandomTransaction.Guarded;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Draws the transactions of one session. */
final class RandomTransactions {
    private static final int TRUNCATE_ONCE_IN = 600;

    private static final int PREPARED_ONCE_IN = 30;

    /** On 10 a TRUNCATE loads the table again. */
    private static final int TRUNCATE_STREAMED = 11;

    private final Dice dice;
    private final int major;
    private final List<RandomTable> all;
    private final List<RandomTable> plain;
    private final List<RandomTable> deferrable;

    RandomTransactions(Dice dice, int major, List<RandomTable> tables) {
        this.dice = dice;
        this.major = major;
        this.all = tables;
        this.plain = tables.stream().filter(table -> !table.is(Trait.DEFERRABLE)).toList();
        this.deferrable = tables.stream().filter(table -> table.is(Trait.DEFERRABLE)).toList();
    }

    RandomTransaction next() {
        List<Guarded> steps = new ArrayList<>();
        if (dice.chance(12)) {
            one(
                    steps,
                    "SET TRANSACTION ISOLATION LEVEL "
                            + dice.pick("REPEATABLE READ", "SERIALIZABLE"));
        }
        if (dice.chance(15)) {
            deferred(steps);
        } else {
            plain(steps);
        }
        return new RandomTransaction(steps, !dice.chance(7), dice.rarely(PREPARED_ONCE_IN));
    }

    private void plain(List<Guarded> steps) {
        for (int i = 0, count = dice.between(1, 6); i < count; i++) {
            if (dice.rarely(TRUNCATE_ONCE_IN) && major >= TRUNCATE_STREAMED) {
                one(steps, truncate());
            } else if (dice.chance(5)) {
                rolledBack(steps);
            } else if (dice.rarely(60)) {
                one(
                        steps,
                        "SELECT pg_logical_emit_message(%s, 'others', '%s')"
                                .formatted(dice.chance(50), RandomText.word(dice)));
            } else {
                RowStatements statements = statements(dice.pick(plain));
                add(steps, dice.chance(18) ? statements.changeKeys() : statements.some());
            }
        }
    }

    /**
     * A constraint is broken for a while. No TRUNCATE and no change of another table's key may be
     * in such a transaction: what stops the sync, in docs/supported.md.
     */
    private void deferred(List<Guarded> steps) {
        RowStatements statements = statements(dice.pick(deferrable));
        List<List<Step>> halves = statements.exchange();
        boolean guarded = dice.chance(50);
        halves.getFirst().forEach(step -> steps.add(new Guarded(step, guarded)));
        for (int i = 0, count = dice.below(4); i < count; i++) {
            if (dice.chance(30)) {
                add(steps, dice.chance(20) ? statements.changeKeys() : statements.some());
            } else {
                add(steps, statements(dice.pick(plain)).some());
            }
        }
        halves.getLast().forEach(step -> steps.add(new Guarded(step, guarded)));
    }

    private void rolledBack(List<Guarded> steps) {
        one(steps, "SAVEPOINT undone");
        for (int i = 0, count = dice.between(1, 3); i < count; i++) {
            add(steps, statements(dice.pick(plain)).some());
        }
        one(steps, "ROLLBACK TO SAVEPOINT undone");
    }

    private String truncate() {
        List<RandomTable> tables = dice.pickSome(all, dice.chance(70) ? 1 : 3);
        Set<String> names = new HashSet<>();
        tables.forEach(table -> names.add(dice.pick(table.truncated())));
        boolean cascade = tables.stream().anyMatch(table -> table.is(Trait.REFERENCED));
        return "TRUNCATE %s%s%s"
                .formatted(
                        String.join(", ", names.stream().sorted().toList()),
                        dice.chance(50) ? " RESTART IDENTITY" : "",
                        cascade ? " CASCADE" : "");
    }

    private void add(List<Guarded> steps, List<Step> added) {
        boolean guarded = dice.chance(75);
        added.forEach(step -> steps.add(new Guarded(step, guarded)));
    }

    private static void one(List<Guarded> steps, String sql) {
        steps.add(new Guarded(new Step.Sql(sql), false));
    }

    private RowStatements statements(RandomTable table) {
        return new RowStatements(dice, major, table);
    }
}
