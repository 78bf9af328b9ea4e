// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.progress;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.godwit.standalone.api.Trouble;
import java.io.PrintStream;
import java.time.Clock;
import java.time.temporal.ChronoUnit;

/**
 * One JSON object per line, each with {@code time}, {@code event} and {@code database}; scripts
 * read it.
 */
public final class JsonReporter implements Reporter {
    private static final JsonMapper JSON = new JsonMapper();

    private final PrintStream out;
    private final Clock clock;

    public JsonReporter(PrintStream out, Clock clock) {
        this.out = out;
        this.clock = clock;
    }

    @Override
    public void report(Event event) {
        ObjectNode line =
                JSON.createObjectNode()
                        .put("time", clock.instant().truncatedTo(ChronoUnit.MILLIS).toString())
                        .put("event", name(event))
                        .put("database", event.database());
        fill(line, event);
        out.println(line);
        out.flush();
    }

    @Override
    public void say(String line) {}

    private static String name(Event event) {
        return switch (event) {
            case Event.State state -> "state";
            case Event.Load load -> "full_load_progress";
            case Event.ReadyToCutover ready -> "ready_to_cutover";
            case Event.Pending pending -> "pending_changes";
            case Event.CutoverApplied applied -> "cutover_applied";
            case Event.Completed completed -> "completed";
            case Event.Failed failed -> "failed";
            case Event.CutoverRefused refused -> "failed";
            case Event.Note note -> "note";
        };
    }

    private static void fill(ObjectNode line, Event event) {
        switch (event) {
            case Event.State state -> line.put("state", state.state());
            case Event.Load load ->
                    line.put("tables", load.progress().tables())
                            .put("tablesCompleted", load.progress().tablesCompleted())
                            .put("rows", load.progress().rows())
                            .put("rowsEstimated", load.progress().rowsEstimated())
                            .put("bytes", load.progress().bytes());
            case Event.ReadyToCutover ready -> {}
            case Event.Pending pending ->
                    line.put("pendingChanges", pending.pendingChanges())
                            .put("uncapturedWalBytes", pending.uncapturedWalBytes());
            case Event.CutoverApplied applied -> {}
            case Event.Completed completed ->
                    line.put("rows", completed.rows())
                            .put("tables", completed.tables())
                            .put("loadMillis", completed.loadMillis())
                            .put("outageMillis", completed.outageMillis());
            case Event.Failed failed -> fill(line, failed.trouble());
            case Event.CutoverRefused refused -> fill(line, refused.trouble());
            case Event.Note note -> line.put("text", note.text());
        }
    }

    private static void fill(ObjectNode line, Trouble trouble) {
        line.put("code", trouble.code())
                .put("what", trouble.what())
                .put("remedy", trouble.remedy());
    }
}
