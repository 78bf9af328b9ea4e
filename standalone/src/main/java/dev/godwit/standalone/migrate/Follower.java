// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.DatabaseStatus.Finding;
import dev.godwit.standalone.api.Trouble;
import dev.godwit.standalone.progress.Event;
import dev.godwit.standalone.progress.Reporter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Turns what the server says, again and again, into events: each only when something is new. */
public final class Follower {
    private final Reporter reporter;
    private final long schemaMillis;
    private final Map<String, Event> last = new HashMap<>();
    private final Set<Event> once = new HashSet<>();

    /**
     * Reports to this reporter.
     *
     * @param schemaMillis how long creating the schema took; part of the load's time
     */
    public Follower(Reporter reporter, long schemaMillis) {
        this.reporter = reporter;
        this.schemaMillis = schemaMillis;
    }

    /** Reports what is new. */
    public void see(DatabaseStatus database) {
        String name = database.name();
        changed("state", new Event.State(name, database.state()));
        database.findings().stream()
                .filter(Finding::warning)
                .forEach(finding -> note(name, finding.what() + " " + finding.remedy()));
        database.waitingFor().forEach(reason -> note(name, "waiting for " + reason));
        database.notes().forEach(text -> note(name, text));
        database.reopened().ifPresent(reason -> note(name, "the gate is open again: " + reason));
        switch (database.state()) {
            case "loading" -> changed("load", new Event.Load(name, database.load()));
            case "syncing", "ready_to_cutover", "cutting_over" -> moving(database);
            case "completed" -> completed(database);
            case "failed" -> failed(database);
            default -> {}
        }
        if (!database.failed()) {
            database.failure().ifPresent(trouble -> note(name, trouble.toString()));
        }
    }

    /** Reports that Apply was granted. */
    public void applied(String database) {
        reporter.report(new Event.CutoverApplied(database));
    }

    private void moving(DatabaseStatus database) {
        if (last.get(database.name() + "/load") instanceof Event.Load) {
            changed("load", new Event.Load(database.name(), database.load()));
        }
        changed(
                "pending",
                new Event.Pending(
                        database.name(),
                        database.pendingChanges(),
                        database.uncapturedWalBytes(),
                        database.appliedChanges(),
                        database.latencyMillis()));
        if (database.state().equals("ready_to_cutover")) {
            once(new Event.ReadyToCutover(database.name()));
        }
    }

    private void completed(DatabaseStatus database) {
        database.report()
                .ifPresent(report ->
                        once(
                                new Event.Completed(
                                        database.name(),
                                        report.rows(),
                                        report.tables(),
                                        report.loadMillis() + schemaMillis,
                                        report.outageMillis())));
    }

    private void failed(DatabaseStatus database) {
        changed("failed", new Event.Failed(database.name(), trouble(database)));
    }

    private static Trouble trouble(DatabaseStatus database) {
        return database.failure()
                .orElseGet(() ->
                        database.findings().stream()
                                .filter(Finding::failed)
                                .findFirst()
                                .map(finding ->
                                        new Trouble(finding.id(), finding.what(), finding.remedy()))
                                .orElse(
                                        new Trouble(
                                                "INTERNAL",
                                                "the migration failed",
                                                "Read the log.")));
    }

    private void note(String database, String text) {
        once(new Event.Note(database, text));
    }

    private void once(Event event) {
        if (once.add(event)) {
            reporter.report(event);
        }
    }

    private void changed(String kind, Event event) {
        if (!Objects.equals(last.put(event.database() + "/" + kind, event), event)) {
            reporter.report(event);
        }
    }
}
