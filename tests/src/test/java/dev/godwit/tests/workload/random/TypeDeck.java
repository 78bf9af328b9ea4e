// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Deals out types so that each comes once before any comes again. */
final class TypeDeck {
    private final Dice dice;
    private final List<SqlType> all;
    private final Deque<SqlType> rest = new ArrayDeque<>();
    private final Deque<SqlType> ordered = new ArrayDeque<>();
    private int rounds;

    TypeDeck(Dice dice, int major, List<SqlType> own) {
        this.dice = dice;
        List<SqlType> types = new ArrayList<>();
        List<SqlType> elements = new ArrayList<>(BuiltInTypes.ALL);
        elements.addAll(own);
        for (SqlType type : elements) {
            if (type.since() <= major) {
                types.add(type);
            }
            if (type.array().since() <= major) {
                types.add(type.array());
            }
        }
        all = List.copyOf(types);
    }

    SqlType any() {
        if (rest.isEmpty()) {
            rest.addAll(dice.shuffled(all));
            rounds++;
        }
        return rest.remove();
    }

    /** Those that {@link #any} has not dealt yet. */
    List<SqlType> left() {
        return rounds > 1 ? List.of() : List.copyOf(rest);
    }

    /** For a key. Arrays are rare among keys. */
    SqlType ordered() {
        while (true) {
            if (ordered.isEmpty()) {
                dice.shuffled(all).stream().filter(SqlType::ordered).forEach(ordered::add);
            }
            SqlType next = ordered.remove();
            if (!next.name().endsWith("]") || dice.chance(25)) {
                return next;
            }
        }
    }
}
