// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.progress;

import dev.godwit.standalone.api.DatabaseStatus.LoadProgress;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** Lines that stay, and below them one live line per database that is drawn anew in place. */
public final class TerminalReporter implements Reporter {
    private static final int BAR_WIDTH = 28;
    private static final String CLEAR_LINE = "\r\u001b[2K";
    private static final String LINE_UP = "\u001b[1A";

    private final PrintStream out;
    private final int width;
    private final Map<String, String> live = new LinkedHashMap<>();
    private int drawn;

    /**
     * On this terminal.
     *
     * @param width in characters; a longer live line is cut, since one that wraps cannot be drawn
     *     over
     */
    public TerminalReporter(PrintStream out, int width) {
        this.out = out;
        this.width = width;
    }

    @Override
    public void report(Event event) {
        switch (event) {
            case Event.Load load -> live(load.database(), bar(load.progress()));
            case Event.Pending pending -> live(pending.database(), Lines.pending(pending));
            case Event.Completed completed -> last(event);
            case Event.Failed failed -> last(event);
            case Event.CutoverRefused refused -> last(event);
            default -> say(event.database() + ": " + Lines.of(event));
        }
    }

    @Override
    public void say(String line) {
        erase();
        out.println(line);
        draw();
    }

    private void last(Event event) {
        live.remove(event.database());
        say(event.database() + ": " + Lines.of(event));
    }

    private void live(String database, String text) {
        live.put(database, text);
        erase();
        draw();
    }

    private void erase() {
        for (int i = 0; i < drawn; i++) {
            out.print(LINE_UP + CLEAR_LINE);
        }
        drawn = 0;
    }

    private void draw() {
        live.forEach((database, text) -> {
            String line = "  " + database + "  " + text;
            out.println(line.length() < width ? line : line.substring(0, width - 1));
        });
        drawn = live.size();
        out.flush();
    }

    private static String bar(LoadProgress load) {
        double part =
                load.rowsEstimated() == 0
                        ? 0
                        : Math.min(1, load.rows() / (double) load.rowsEstimated());
        int full =
                load.tables() > 0 && load.tablesCompleted() == load.tables()
                        ? BAR_WIDTH
                        : (int) (part * BAR_WIDTH);
        return "[" + "#".repeat(full) + "-".repeat(BAR_WIDTH - full) + "] " + Lines.load(load);
    }
}
