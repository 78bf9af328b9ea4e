// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import dev.godwit.tests.postgres.VersionPair;
import java.util.List;

/**
 * A type of column, with the values that programs get wrong, as text that its input function reads.
 *
 * @param name as the docs show it
 * @param column as a column is declared
 * @param since the first major version that has it, and takes all of its values
 * @param until the last one
 */
record TypeCase(String name, String column, int since, int until, List<String> values) {
    static TypeCase type(String name, String... values) {
        return new TypeCase(name, name, VersionPair.OLDEST, VersionPair.NEWEST, List.of(values));
    }

    TypeCase since(int major) {
        return new TypeCase(name, column, major, until, values);
    }

    TypeCase until(int major) {
        return new TypeCase(name, column, since, major, values);
    }

    /** Shown under another name than it is declared by. */
    TypeCase shown(String other) {
        return new TypeCase(other, column, since, until, values);
    }

    boolean in(int major) {
        return major >= since && major <= until;
    }

    /** Its array, with empty, NULL, several dimensions and bounds of its own. */
    TypeCase array(char delimiter) {
        String one = quoted(values.getFirst());
        String other = quoted(values.getLast());
        String all =
                values.stream()
                        .map(TypeCase::quoted)
                        .reduce((list, next) -> list + delimiter + next)
                        .orElseThrow();
        return new TypeCase(
                name.startsWith("a ") || name.startsWith("an ")
                        ? "an array of " + name
                        : name + "[]",
                column + "[]",
                since,
                until,
                List.of(
                        "{}",
                        "{" + all + delimiter + "NULL}",
                        "{NULL}",
                        "[0:1]={%s%s%s}".formatted(one, delimiter, other),
                        "[-2:-1][3:4]={{%1$s%3$s%2$s}%3$s{NULL%3$s%1$s}}"
                                .formatted(one, other, delimiter),
                        "{{{%1$s}}%3$s{{%2$s}}}".formatted(one, other, delimiter)));
    }

    private static String quoted(String value) {
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
