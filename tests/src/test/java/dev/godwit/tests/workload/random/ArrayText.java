// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.util.ArrayList;
import java.util.List;

/**
 * Arrays as text (PostgreSQL docs, section 8.15), with NULLs, dimensions and bounds of their own.
 */
final class ArrayText {
    private ArrayText() {}

    static String draw(Dice dice, SqlType element) {
        int rows = dice.between(1, 4);
        if (dice.chance(20)) {
            int columns = dice.between(1, 3);
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < rows; i++) {
                lines.add(line(dice, element, columns));
            }
            return bounds(dice, rows, columns) + "{" + String.join(delimiter(element), lines) + "}";
        }
        return bounds(dice, rows) + line(dice, element, rows);
    }

    private static String delimiter(SqlType element) {
        return String.valueOf(element.delimiter());
    }

    private static String line(Dice dice, SqlType element, int length) {
        List<String> cells = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            cells.add(dice.chance(15) ? "NULL" : quoted(element.shortly(dice)));
        }
        return "{" + String.join(delimiter(element), cells) + "}";
    }

    private static String bounds(Dice dice, int... lengths) {
        if (!dice.chance(20)) {
            return "";
        }
        StringBuilder bounds = new StringBuilder();
        for (int length : lengths) {
            int from = dice.between(-3, 3);
            bounds.append('[').append(from).append(':').append(from + length - 1).append(']');
        }
        return bounds.append('=').toString();
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
