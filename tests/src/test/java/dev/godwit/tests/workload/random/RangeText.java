// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.util.function.IntFunction;

/** Ranges and multiranges as text, over points that grow with their number. */
final class RangeText {
    private static final int POINTS = 400;

    private RangeText() {}

    static String draw(Dice dice, IntFunction<String> point) {
        int from = dice.below(POINTS);
        int to = from + 1 + dice.below(POINTS);
        return dice.pick("[", "(")
                + (dice.chance(10) ? "" : quoted(point.apply(from)))
                + ","
                + (dice.chance(10) ? "" : quoted(point.apply(to)))
                + dice.pick("]", ")");
    }

    static String drawMany(Dice dice, IntFunction<String> point) {
        StringBuilder ranges = new StringBuilder("{");
        for (int i = 0, count = dice.below(4); i < count; i++) {
            ranges.append(i == 0 ? "" : ", ").append(draw(dice, point));
        }
        return ranges.append('}').toString();
    }

    private static String quoted(String bound) {
        return '"' + bound + '"';
    }
}
