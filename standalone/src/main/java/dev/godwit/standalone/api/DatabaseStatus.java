// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the server says about one database migration; names as in its JSON. */
public record DatabaseStatus(JsonNode json) {
    static List<DatabaseStatus> all(JsonNode array) {
        var databases = new ArrayList<DatabaseStatus>();
        array.forEach(database -> databases.add(new DatabaseStatus(database)));
        return databases;
    }

    public String name() {
        return json.path("databaseName").asText();
    }

    public String targetName() {
        return json.path("targetDatabaseName").asText();
    }

    /**
     * queued, checking, loading, syncing, ready_to_cutover, cutting_over, completed, failed or
     * cancelled.
     */
    public String state() {
        return json.path("state").asText();
    }

    public boolean ended() {
        return state().equals("completed") || state().equals("cancelled");
    }

    public boolean failed() {
        return state().equals("failed");
    }

    public long pendingChanges() {
        return json.path("pendingChanges").asLong();
    }

    public long appliedChanges() {
        return json.path("appliedChanges").asLong();
    }

    public long uncapturedWalBytes() {
        return json.path("uncapturedWalBytes").asLong();
    }

    public long latencyMillis() {
        return json.path("latency").asLong();
    }

    /** Whether anything was begun on either database. */
    public boolean started() {
        return !json.path("startedOn").isMissingNode() && !json.path("startedOn").isNull();
    }

    public boolean fenceWanted() {
        return json.path("fence").asBoolean();
    }

    public boolean fenced() {
        return !json.path("fencedOn").isMissingNode() && !json.path("fencedOn").isNull();
    }

    public Optional<Trouble> failure() {
        JsonNode failure = json.path("failure");
        return failure.isObject() ? Optional.of(Trouble.of(failure)) : Optional.empty();
    }

    public Optional<String> reopened() {
        return Optional.ofNullable(json.path("reopened").textValue());
    }

    public List<Finding> findings() {
        var findings = new ArrayList<Finding>();
        json.path("findings")
                .forEach(finding ->
                        findings.add(
                                new Finding(
                                        finding.path("id").asText(),
                                        finding.path("result").asText(),
                                        finding.path("what").asText(),
                                        finding.path("remedy").asText())));
        return findings;
    }

    public List<String> waitingFor() {
        return texts("waitingFor");
    }

    public List<String> notes() {
        return texts("notes");
    }

    public LoadProgress load() {
        return LoadProgress.of(json);
    }

    public Optional<Report> report() {
        JsonNode report = json.path("report");
        return report.isObject() ? Optional.of(new Report(report)) : Optional.empty();
    }

    private List<String> texts(String field) {
        var texts = new ArrayList<String>();
        json.path(field).forEach(text -> texts.add(text.asText()));
        return texts;
    }

    /** One answer of a check. */
    public record Finding(String id, String result, String what, String remedy) {
        public boolean failed() {
            return result.equalsIgnoreCase("failed");
        }

        public boolean warning() {
            return result.equalsIgnoreCase("warning");
        }
    }

    /** What was proven at the cutover. */
    public record Report(JsonNode json) {
        public long rows() {
            return json.path("rows").asLong();
        }

        public int tables() {
            return json.path("tables").asInt();
        }

        public long loadMillis() {
            return json.path("loadMillis").asLong();
        }

        public long outageMillis() {
            return json.path("outageMillis").asLong();
        }
    }

    /** How far the full load is. */
    public record LoadProgress(
            int tables,
            int tablesCompleted,
            int tablesLoading,
            long rows,
            long rowsEstimated,
            long bytes) {
        static LoadProgress of(JsonNode database) {
            int queued = database.path("fullLoadQueuedTables").asInt();
            int loading = database.path("fullLoadLoadingTables").asInt();
            int completed = database.path("fullLoadCompletedTables").asInt();
            int errored = database.path("fullLoadErroredTables").asInt();
            long rows = 0;
            long estimated = 0;
            long bytes = 0;
            for (JsonNode table : database.path("tables")) {
                rows += table.path("fullLoadTotalRows").asLong();
                estimated +=
                        Math.max(
                                table.path("fullLoadEstimatedRows").asLong(),
                                table.path("fullLoadTotalRows").asLong());
                bytes += table.path("fullLoadTotalVolumeBytes").asLong();
            }
            return new LoadProgress(
                    queued + loading + completed + errored,
                    completed,
                    loading,
                    rows,
                    estimated,
                    bytes);
        }
    }
}
