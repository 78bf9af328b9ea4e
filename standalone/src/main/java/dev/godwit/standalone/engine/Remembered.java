// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * What a data directory's migration was asked for, without any password.
 *
 * @param arguments name of the option to its value, as the user writes it
 * @param migration name of the migration on this directory's server
 * @param schemaMillis how long the schema took, once Godwit has created it
 */
public record Remembered(
        Map<String, String> arguments, String migration, OptionalLong schemaMillis) {
    public Remembered {
        arguments = Map.copyOf(arguments);
    }

    static Remembered of(JsonNode json) {
        var arguments = new LinkedHashMap<String, String>();
        json.path("arguments")
                .properties()
                .forEach(entry -> arguments.put(entry.getKey(), entry.getValue().asText()));
        return new Remembered(
                arguments,
                json.path("migration").asText(),
                json.hasNonNull("schemaMillis")
                        ? OptionalLong.of(json.path("schemaMillis").asLong())
                        : OptionalLong.empty());
    }

    ObjectNode toJson(JsonMapper mapper) {
        ObjectNode json = mapper.createObjectNode().put("migration", migration);
        ObjectNode named = json.putObject("arguments");
        arguments.forEach(named::put);
        schemaMillis.ifPresent(millis -> json.put("schemaMillis", millis));
        return json;
    }

    public Remembered withSchemaMillis(long millis) {
        return new Remembered(arguments, migration, OptionalLong.of(millis));
    }

    /** One sentence per option that differs, in the options' order; empty when all are equal. */
    public List<String> differences(Map<String, String> others) {
        var names = new TreeSet<>(arguments.keySet());
        names.addAll(others.keySet());
        var differences = new ArrayList<String>();
        for (String name : names) {
            String before = arguments.getOrDefault(name, "not given");
            String now = others.getOrDefault(name, "not given");
            if (!Objects.equals(before, now)) {
                differences.add(name + " was " + before + ", now " + now);
            }
        }
        return differences;
    }
}
