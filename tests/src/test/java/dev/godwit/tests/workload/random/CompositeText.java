// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.util.ArrayList;
import java.util.List;

/** Rows as text (PostgreSQL docs, section 8.16): a missing field is NULL. */
final class CompositeText {
    private CompositeText() {}

    static String draw(Dice dice, List<SqlType> fields) {
        List<String> cells = new ArrayList<>();
        for (SqlType field : fields) {
            cells.add(
                    dice.chance(15)
                            ? ""
                            : '"'
                                    + field.shortly(dice)
                                            .replace("\\", "\\\\")
                                            .replace("\"", "\"\"")
                                    + '"');
        }
        return "(" + String.join(",", cells) + ")";
    }
}
