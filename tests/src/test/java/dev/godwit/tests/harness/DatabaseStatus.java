// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What the API says of one database migration. */
public record DatabaseStatus(JsonNode json) {
    private static final Set<String> FINAL = Set.of("completed", "cancelled");
    private static final List<String> COUNTERS =
            List.of(
                    "incomingChanges",
                    "appliedChanges",
                    "cdcInsertCounter",
                    "cdcUpdateCounter",
                    "cdcDeleteCounter",
                    "cdcTruncateCounter");
    private static final List<String> TABLE_COUNTERS =
            List.of(
                    "cdcInsertCounter",
                    "cdcUpdateCounter",
                    "cdcDeleteCounter",
                    "totalChangesApplied");

    public String id() {
        return json.path("id").asText();
    }

    public String state() {
        return json.path("state").asText();
    }

    public long incoming() {
        return json.path("incomingChanges").asLong();
    }

    public long applied() {
        return json.path("appliedChanges").asLong();
    }

    public long pending() {
        return json.path("pendingChanges").asLong();
    }

    public boolean fenced() {
        return json.hasNonNull("fencedOn");
    }

    /** What the operator should know, though it stops nothing. */
    public List<String> notes() {
        var notes = new ArrayList<String>();
        json.path("notes").forEach(note -> notes.add(note.asText()));
        return notes;
    }

    /** The source's transactions that a slot waits for. */
    public int waitsFor() {
        return json.path("waitingFor").size();
    }

    /** How often a table was loaded, or begun to be. */
    public int attempts(String table) {
        return table(table).path("attempt").asInt();
    }

    /** The code of the failure, empty without one. */
    public String failureCode() {
        return json.path("failure").path("code").asText("");
    }

    public String failureWhat() {
        return json.path("failure").path("what").asText("");
    }

    public String failureRemedy() {
        return json.path("failure").path("remedy").asText("");
    }

    public String reopened() {
        return json.path("reopened").asText("");
    }

    public boolean ended() {
        return FINAL.contains(state());
    }

    public int completedTables() {
        return json.path("fullLoadCompletedTables").asInt();
    }

    public JsonNode report() {
        return json.path("report");
    }

    public JsonNode table(String name) {
        for (JsonNode table : json.path("tables")) {
            if (table.path("tableName").asText().equals(name)) {
                return table;
            }
        }
        throw new IllegalStateException("no table " + name + " in " + this);
    }

    /** What invariants 2 and 5 forbid between an earlier look and this one. */
    List<String> offencesSince(DatabaseStatus earlier) {
        List<String> offences = new ArrayList<>();
        compare(earlier.json, json, COUNTERS, "database", offences);
        for (JsonNode before : earlier.json.path("tables")) {
            for (JsonNode now : json.path("tables")) {
                if (now.path("tableName").equals(before.path("tableName"))) {
                    compare(before, now, TABLE_COUNTERS, now.path("tableName").asText(), offences);
                }
            }
        }
        if (applied() > incoming()) {
            offences.add("applied %d exceeds captured %d".formatted(applied(), incoming()));
        }
        if (pending() < 0) {
            offences.add("pending is " + pending());
        }
        return offences;
    }

    private static void compare(
            JsonNode before,
            JsonNode now,
            List<String> names,
            String whose,
            List<String> offences) {
        for (String name : names) {
            if (now.path(name).asLong() < before.path(name).asLong()) {
                offences.add(
                        "%s of %s went down from %s to %s"
                                .formatted(name, whose, before.path(name), now.path(name)));
            }
        }
    }

    @Override
    public String toString() {
        return json.toString();
    }
}
