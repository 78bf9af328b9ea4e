// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.progress;

import dev.godwit.standalone.api.DatabaseStatus.LoadProgress;
import dev.godwit.standalone.api.Trouble;
import java.time.Duration;

/** Each event as one line for people. */
final class Lines {
    private Lines() {}

    static String of(Event event) {
        return switch (event) {
            case Event.State state -> Wording.state(state.state());
            case Event.Load load -> load(load.progress());
            case Event.ReadyToCutover ready ->
                    "all rows are on the target and changes follow as they happen";
            case Event.Pending pending -> pending(pending);
            case Event.CutoverApplied applied ->
                    "all changes applied; finishing the target and comparing";
            case Event.Completed completed -> completed(completed);
            case Event.Failed failed -> "FAILED " + trouble(failed.trouble());
            case Event.CutoverRefused refused -> "cutover refused: " + trouble(refused.trouble());
            case Event.Note note -> note.text();
        };
    }

    static String load(LoadProgress load) {
        return "full load: %d of %d tables, %s rows, %s"
                .formatted(
                        load.tablesCompleted(),
                        load.tables(),
                        Wording.count(load.rows()),
                        Wording.bytes(load.bytes()));
    }

    static String pending(Event.Pending pending) {
        return "pending changes %s, applied %s%s"
                .formatted(
                        Wording.count(pending.pendingChanges()),
                        Wording.count(pending.appliedChanges()),
                        pending.pendingChanges() > 0 && pending.latencyMillis() > 0
                                ? ", behind by "
                                        + Wording.time(Duration.ofMillis(pending.latencyMillis()))
                                : "");
    }

    private static String trouble(Trouble trouble) {
        return trouble.code() + ": " + trouble.what() + ". " + trouble.remedy();
    }

    private static String completed(Event.Completed completed) {
        return "%s rows in %d tables are equal on both sides; full load %s, write outage %s"
                .formatted(
                        Wording.count(completed.rows()),
                        completed.tables(),
                        Wording.time(Duration.ofMillis(completed.loadMillis())),
                        Wording.time(Duration.ofMillis(completed.outageMillis())));
    }
}
