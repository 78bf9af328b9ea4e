// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.util.List;

/**
 * A column.
 *
 * @param name quoted where it must be
 * @param pool the only values that are written, so that sessions meet; empty: any of its type
 * @param required NOT NULL
 * @param clause what its definition has behind the type
 */
record RandomColumn(
        String name,
        SqlType type,
        Nature nature,
        List<String> pool,
        boolean required,
        String clause) {
    private static final int NULL_PERCENT = 12;

    /** Who fills it. */
    enum Nature {
        PLAIN,
        IDENTITY_BY_DEFAULT,
        IDENTITY_ALWAYS,
        GENERATED
    }

    RandomColumn {
        pool = List.copyOf(pool);
    }

    static RandomColumn plain(String name, SqlType type) {
        return new RandomColumn(name, type, Nature.PLAIN, List.of(), false, "");
    }

    /** With as many values as are drawn, all of them short. */
    static RandomColumn pooled(String name, SqlType type, List<String> pool, boolean required) {
        return new RandomColumn(name, type, Nature.PLAIN, pool, required, "");
    }

    RandomColumn with(String otherClause) {
        return new RandomColumn(name, type, nature, pool, required, otherClause);
    }

    String definition() {
        return "%s %s %s %s".formatted(name, type.name(), clause, required ? "NOT NULL" : "");
    }

    boolean identity() {
        return nature == Nature.IDENTITY_ALWAYS || nature == Nature.IDENTITY_BY_DEFAULT;
    }

    /** A value's text, null for NULL. */
    @org.jspecify.annotations.Nullable
    String draw(Dice dice) {
        if (!required && dice.chance(NULL_PERCENT)) {
            return null;
        }
        return drawSome(dice);
    }

    /** A value's text. */
    String drawSome(Dice dice) {
        return pool.isEmpty() ? type.next(dice) : dice.pick(pool);
    }

    /** A value as SQL. */
    String cell(Dice dice) {
        String value = draw(dice);
        return value == null ? "NULL::" + type.name() : type.literal(value);
    }

    String equal(String value) {
        return name + " = " + type.literal(value);
    }
}
