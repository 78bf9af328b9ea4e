// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.progress;

import java.time.Duration;
import java.util.Locale;

/** Numbers and states in words. */
public final class Wording {
    private Wording() {}

    /** 1234567 as 1,234,567. */
    public static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** Bytes in the unit that leaves one to three digits before the point. */
    public static String bytes(long bytes) {
        String[] units = {"bytes", "KiB", "MiB", "GiB", "TiB"};
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0
                ? bytes + " bytes"
                : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
    }

    /** 0.8 s, 12.3 s, 4 min 5 s. */
    public static String time(Duration time) {
        if (time.toSeconds() < 60) {
            return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
        }
        return time.toMinutes() + " min " + time.toSecondsPart() + " s";
    }

    static String state(String state) {
        return switch (state) {
            case "queued" -> "queued";
            case "checking" -> "checking both databases";
            case "loading" -> "full load";
            case "syncing" -> "loaded, catching up";
            case "ready_to_cutover" -> "ready to cutover";
            case "cutting_over" -> "cutover in progress";
            case "completed" -> "completed";
            case "failed" -> "failed";
            case "cancelled" -> "cancelled";
            default -> state;
        };
    }
}
