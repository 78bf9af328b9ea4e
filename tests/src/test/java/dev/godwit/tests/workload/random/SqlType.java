// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import dev.godwit.postgres.Identifiers;
import java.util.List;

/**
 * A type and how to draw values of it, as text that its input function reads.
 *
 * @param name as in a column's definition
 * @param since the first major version that has it and takes all of its values
 * @param arraysSince the first major version that has arrays of it
 * @param ordered it can be a key
 * @param delimiter between the elements of its arrays
 * @param special the values that programs get wrong
 * @param values any others
 */
record SqlType(
        String name,
        int since,
        int arraysSince,
        boolean ordered,
        char delimiter,
        List<String> special,
        ValueSource values) {
    private static final int SPECIAL_PERCENT = 35;
    private static final int KEY_LENGTH_MAX = 50;

    /** Draws one value. */
    @FunctionalInterface
    interface ValueSource {
        String next(Dice dice);
    }

    /** A key of it may be built. */
    static SqlType ordered(String name, ValueSource values, String... special) {
        return new SqlType(name, 10, 10, true, ',', List.of(special), values);
    }

    static SqlType unordered(String name, ValueSource values, String... special) {
        return new SqlType(name, 10, 10, false, ',', List.of(special), values);
    }

    SqlType since(int major) {
        return new SqlType(name, major, major, ordered, delimiter, special, values);
    }

    SqlType arraysSince(int major) {
        return new SqlType(name, since, major, ordered, delimiter, special, values);
    }

    SqlType named(String other) {
        return new SqlType(other, since, arraysSince, ordered, delimiter, special, values);
    }

    SqlType delimitedBy(char other) {
        return new SqlType(name, since, arraysSince, ordered, other, special, values);
    }

    SqlType array() {
        return new SqlType(
                name + "[]",
                arraysSince,
                arraysSince,
                ordered,
                ',',
                List.of("{}"),
                dice -> ArrayText.draw(dice, this));
    }

    String next(Dice dice) {
        return !special.isEmpty() && dice.chance(SPECIAL_PERCENT)
                ? dice.pick(special)
                : values.next(dice);
    }

    /** A value that is short enough for an index. */
    String shortly(Dice dice) {
        while (true) {
            String value = next(dice);
            if (value.length() <= KEY_LENGTH_MAX) {
                return value;
            }
        }
    }

    /** The value as an expression of this type. */
    String literal(String value) {
        return Identifiers.literal(value) + "::" + name;
    }
}
