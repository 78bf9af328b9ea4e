// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.util.List;

/** Characters: what COPY, JSON, XML and SQL escape, all widths of UTF-8, and wide ones. */
final class RandomText {
    private static final List<String> FRAGMENTS =
            List.of(
                    "a", "B", "ß", "ı", "İ", "é", "€", "𝄞", "👩‍🚀", " ", "\t", "\n", "\r", "\\",
                    "\\N", "\\.", "\\t", "'", "\"", ",", "{", "}", "(", ")", ";", "NULL", "null",
                    "$1", "?", "%s", "\u0001", "\u007f", "\u00a0", "\u200b", "\ufeff", "--", "/*",
                    "0", "1.0", "x");
    private static final int BLOCK = 5_000;
    private static final int MEGABYTE_BLOCKS = 210;

    private RandomText() {}

    static String draw(Dice dice) {
        if (dice.rarely(25)) {
            return wide(dice);
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0, count = dice.below(9); i < count; i++) {
            text.append(dice.pick(FRAGMENTS));
        }
        return text.toString();
    }

    /** So many characters at most. */
    static String draw(Dice dice, int most) {
        String text = word(dice) + dice.pick(FRAGMENTS);
        return text.codePoints()
                .limit(dice.between(0, most))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    static String word(Dice dice) {
        StringBuilder word = new StringBuilder();
        for (int i = 0, count = dice.between(1, 6); i < count; i++) {
            word.append((char) ('a' + dice.below(26)));
        }
        return word.toString();
    }

    /** More than fits in a page, incompressible; now and then a megabyte. */
    static String wide(Dice dice) {
        String block = hex(dice, BLOCK);
        if (dice.rarely(150)) {
            return block.repeat(MEGABYTE_BLOCKS);
        }
        return dice.chance(20)
                ? RandomText.word(dice).repeat(dice.between(400, 3_000))
                : block + hex(dice, dice.below(BLOCK));
    }

    static String hex(Dice dice, int digits) {
        StringBuilder hex = new StringBuilder(digits + 16);
        while (hex.length() < digits) {
            hex.append("%016x".formatted(dice.bits()));
        }
        hex.setLength(digits);
        return hex.toString();
    }

    /** As a JSON string, with one of the ways to write each character. */
    static String json(Dice dice) {
        StringBuilder json = new StringBuilder("\"");
        draw(dice)
                .codePoints()
                .forEach(c -> {
                    if (c == '"' || c == '\\') {
                        json.append('\\').appendCodePoint(c);
                    } else if (c < ' ' || (c < 0xd800 && dice.rarely(40))) {
                        json.append("\\u%04X".formatted(c));
                    } else {
                        json.appendCodePoint(c);
                    }
                });
        return json.append('"').toString();
    }
}
