// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

/** Dates, times and intervals as text. */
final class RandomMoment {
    private static final int MICROS = 1_000_000;
    private static final int FIRST_YEAR_BC = 4_700;
    private static final int LAST_YEAR = 294_275;
    private static final int LAST_YEAR_OF_DATES = 5_874_896;

    private RandomMoment() {}

    static String date(Dice dice) {
        return in(dice, LAST_YEAR_OF_DATES, "");
    }

    static String timestamp(Dice dice) {
        return in(dice, LAST_YEAR, " " + time(dice));
    }

    static String timestamptz(Dice dice) {
        return in(dice, LAST_YEAR, " " + time(dice) + offset(dice));
    }

    static String time(Dice dice) {
        return "%02d:%02d:%02d%s"
                .formatted(dice.below(24), dice.below(60), dice.below(60), fraction(dice));
    }

    static String offset(Dice dice) {
        return "%s%02d:%02d".formatted(dice.pick("+", "-"), dice.below(14), dice.pick(0, 30, 45));
    }

    static String interval(Dice dice) {
        return "%d mons %d days %d hours %d.%06d secs"
                .formatted(
                        dice.between(-3_000, 3_000),
                        dice.between(-40, 40),
                        dice.between(-50, 50),
                        dice.below(3_600),
                        dice.below(MICROS));
    }

    /** Mostly in our days; else in any year from 4713 BC to the last. */
    private static String in(Dice dice, int lastYear, String time) {
        boolean beforeChrist = dice.chance(7);
        int year =
                beforeChrist
                        ? dice.between(1, FIRST_YEAR_BC)
                        : dice.chance(85) ? dice.between(1900, 2100) : dice.between(1, lastYear);
        return "%04d-%02d-%02d%s%s"
                .formatted(
                        year,
                        dice.between(1, 12),
                        dice.between(1, 28),
                        time,
                        beforeChrist ? " BC" : "");
    }

    private static String fraction(Dice dice) {
        return dice.chance(40) ? "" : ".%06d".formatted(dice.below(MICROS));
    }
}
