// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.postgres.MigrationException;

/** An error as the user reads it: a code of the catalogue, what happened, what to do. */
public record Trouble(String code, String what, String remedy) {
    public static Trouble of(MigrationException e) {
        return new Trouble(e.code().name(), e.what(), e.remedy());
    }

    static Trouble of(JsonNode json) {
        return new Trouble(
                json.path("code").asText(""),
                json.path("what").asText(""),
                json.path("remedy").asText(""));
    }

    @Override
    public String toString() {
        return code + ": " + what + ". " + remedy;
    }
}
