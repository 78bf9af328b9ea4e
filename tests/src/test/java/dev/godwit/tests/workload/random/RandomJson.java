// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.util.List;

/** JSON with white space, repeated keys and numbers that no float holds. */
final class RandomJson {
    private static final List<String> SPACE = List.of("", "", " ", "  ", "\n", "\t", "\r\n");
    private static final List<String> ATOMS =
            List.of(
                    "null",
                    "true",
                    "false",
                    "0",
                    "-0",
                    "1.50",
                    "1e3",
                    "123456789012345678901234567890",
                    "-0.0",
                    "{}",
                    "[ ]");

    private RandomJson() {}

    static String draw(Dice dice) {
        return draw(dice, 3);
    }

    private static String draw(Dice dice, int depth) {
        if (depth == 0 || dice.chance(35)) {
            return dice.chance(40) ? RandomText.json(dice) : dice.pick(ATOMS);
        }
        boolean object = dice.chance(50);
        StringBuilder json = new StringBuilder(object ? "{" : "[");
        for (int i = 0, count = dice.below(4); i < count; i++) {
            json.append(i == 0 ? "" : ",").append(dice.pick(SPACE));
            if (object) {
                json.append('"').append((char) ('a' + dice.below(3))).append('"');
                json.append(dice.pick(SPACE)).append(':').append(dice.pick(SPACE));
            }
            json.append(draw(dice, depth - 1)).append(dice.pick(SPACE));
        }
        return json.append(object ? "}" : "]").toString();
    }
}
