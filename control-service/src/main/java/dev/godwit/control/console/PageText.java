// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.console;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Numbers and times as the pages show them, whatever the machine's locale. */
public final class PageText {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final double UNIT = 1024;

    public String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    public String bytes(@Nullable Long value) {
        if (value == null) {
            return "–";
        }
        double rest = value;
        int unit = 0;
        while (rest >= UNIT && unit < UNITS.length - 1) {
            rest /= UNIT;
            unit++;
        }
        return unit == 0 ? value + " B" : String.format(Locale.ROOT, "%.1f %s", rest, UNITS[unit]);
    }

    public String millis(@Nullable Long value) {
        if (value == null) {
            return "–";
        }
        Duration duration = Duration.ofMillis(value);
        if (duration.toMinutes() > 0) {
            return "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
        }
        return value < 1000 ? value + " ms" : String.format(Locale.ROOT, "%.1f s", value / 1000.0);
    }

    public String time(@Nullable Instant value) {
        return value == null ? "–" : TIME.format(value);
    }

    /** How much of a table is loaded, in whole percent; 100 only when it is. */
    public long percent(String state, long rows, long estimated) {
        if (state.equals("COMPLETED")) {
            return 100;
        }
        return estimated <= 0 ? 0 : Math.min(99, rows * 100 / estimated);
    }

    public String tables(int count) {
        return count == 1 ? "1 table" : number(count) + " tables";
    }

    /** Whether the details are more than the words of the state. */
    public boolean saysMore(String state, String details) {
        return !details.equalsIgnoreCase(state(state));
    }

    /** The words of the state. */
    public String state(String state) {
        return switch (state) {
            case "ready_to_cutover" -> "Ready to cutover";
            case "cutting_over" -> "Cutting over";
            case "BEFORE_LOAD" -> "Queued";
            case "FULL_LOAD" -> "Loading";
            case "COMPLETED" -> "Loaded";
            case "ERROR" -> "Error";
            case "CANCELED" -> "Canceled";
            default -> state.substring(0, 1).toUpperCase(Locale.ROOT) + state.substring(1);
        };
    }
}
