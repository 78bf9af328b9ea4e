// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.progress;

import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Map;

/**
 * One line per thing that happened, for logs and pipes; what moves all the time at most every few
 * seconds.
 */
public final class PlainReporter implements Reporter {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss");
    private static final Duration BETWEEN_MOVES = Duration.ofSeconds(5);

    private final PrintStream out;
    private final Clock clock;
    private final Map<String, Instant> moved = new HashMap<>();
    private final Map<String, String> shown = new HashMap<>();

    public PlainReporter(PrintStream out, Clock clock) {
        this.out = out;
        this.clock = clock;
    }

    @Override
    public void report(Event event) {
        switch (event) {
            case Event.Load load -> move(load, Lines.load(load.progress()));
            case Event.Pending pending -> move(pending, Lines.pending(pending));
            default -> line(event.database() + ": " + Lines.of(event));
        }
    }

    @Override
    public void say(String line) {
        line(line);
    }

    private void move(Event event, String text) {
        Instant now = clock.instant();
        boolean due =
                moved.getOrDefault(event.database(), Instant.MIN)
                        .isBefore(now.minus(BETWEEN_MOVES));
        if (due && !text.equals(shown.put(event.database(), text))) {
            moved.put(event.database(), now);
            line(event.database() + ": " + text);
        }
    }

    private void line(String text) {
        out.println(
                LocalTime.ofInstant(clock.instant(), ZoneId.systemDefault()).format(TIME)
                        + "  "
                        + text);
        out.flush();
    }
}
