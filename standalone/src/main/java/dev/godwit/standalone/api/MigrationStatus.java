// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** What the server says about one migration. */
public record MigrationStatus(JsonNode json) {
    public String id() {
        return json.path("id").asText();
    }

    public String name() {
        return json.path("name").asText();
    }

    public List<DatabaseStatus> databases() {
        return DatabaseStatus.all(json.path("databases"));
    }

    /** Whether every database has reached its end, so that nothing is left on a source. */
    public boolean ended() {
        return databases().stream().allMatch(DatabaseStatus::ended);
    }
}
