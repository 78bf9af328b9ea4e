// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.Secret;
import dev.godwit.standalone.connection.ConnectionUrl;
import dev.godwit.standalone.connection.InvalidArgumentException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * What the user wants migrated, and how.
 *
 * @param tables patterns "schema.table" with *; empty: all tables
 * @param wishes for tables that are to travel otherwise than as they are
 * @param lanes ordered writers of the sync; empty: the server's choice
 * @param loadWorkers connections that read the source's tables; empty: by the machine's cores
 */
public record MigrateArguments(
        Server source,
        Server target,
        List<DatabaseMapping> databases,
        List<String> tables,
        List<TableWish> wishes,
        Schema schema,
        Cutover cutover,
        OptionalInt lanes,
        OptionalInt loadWorkers) {

    public MigrateArguments {
        databases = List.copyOf(databases);
        tables = List.copyOf(tables);
        wishes = List.copyOf(wishes);
        if (schema == Schema.CREATE
                && wishes.stream().anyMatch(wish -> wish.target().isPresent())) {
            throw new InvalidArgumentException(
                    "--schema create makes the tables under the source's names: leave --map out, or make them yourself");
        }
        var names = new HashSet<String>();
        databases.forEach(mapping -> {
            if (!names.add(mapping.source())) {
                throw new InvalidArgumentException(
                        "the source database " + mapping.source() + " is named twice");
            }
        });
    }

    /** Where the target's schema comes from. */
    public enum Schema {
        EXISTING,
        CREATE
    }

    /** Who starts the cutover. */
    public enum Cutover {
        MANUAL,
        WHEN_READY
    }

    /** A server and the password for it. */
    public record Server(ConnectionUrl url, Secret password) {
        public ConnectionSettings connection(String database) {
            return new ConnectionSettings(
                    url.host(),
                    url.port(),
                    database,
                    url.user(),
                    password,
                    url.sslMode(),
                    url.parameters());
        }

        private ObjectNode toJson(JsonMapper mapper) {
            ObjectNode json =
                    mapper.createObjectNode()
                            .put("host", url.host())
                            .put("port", url.port())
                            .put("user", url.user())
                            .put("password", password.reveal())
                            .put("sslMode", url.sslMode());
            ObjectNode parameters = json.putObject("parameters");
            url.parameters().forEach(parameters::put);
            return json;
        }

        private String written() {
            String parameters =
                    url.parameters().entrySet().stream()
                            .sorted(Map.Entry.comparingByKey())
                            .map(parameter -> "&" + parameter.getKey() + "=" + parameter.getValue())
                            .collect(Collectors.joining());
            return url + "?sslmode=" + url.sslMode() + parameters;
        }
    }

    /**
     * Option to value, without passwords: what must be the same when a data directory is used
     * again.
     */
    public Map<String, String> toMap() {
        var map = new LinkedHashMap<String, String>();
        options()
                .forEach(option ->
                        map.merge(
                                option.getKey(),
                                option.getValue(),
                                (one, other) -> one + " " + other));
        return map;
    }

    /** The same as options of a command line; some are repeated. */
    public List<Map.Entry<String, String>> options() {
        var options = new ArrayList<Map.Entry<String, String>>();
        options.add(Map.entry("--source", source.written()));
        options.add(Map.entry("--target", target.written()));
        databases.stream()
                .map(DatabaseMapping::toString)
                .sorted()
                .forEach(mapping -> options.add(Map.entry("--database", mapping)));
        if (!tables.isEmpty()) {
            options.add(
                    Map.entry(
                            "--tables", tables.stream().sorted().collect(Collectors.joining(","))));
        }
        wishes.stream()
                .sorted(Comparator.comparing(TableWish::source))
                .forEach(wish -> options.addAll(wish.written()));
        options.add(Map.entry("--schema", option(schema)));
        options.add(Map.entry("--cutover", option(cutover)));
        lanes.ifPresent(number -> options.add(Map.entry("--lanes", Integer.toString(number))));
        loadWorkers.ifPresent(
                number -> options.add(Map.entry("--load-workers", Integer.toString(number))));
        return List.copyOf(options);
    }

    /** The body of the request that creates the migration. */
    public ObjectNode toRequest(JsonMapper mapper, String project, String name) {
        ObjectNode request = mapper.createObjectNode().put("project", project).put("name", name);
        request.set("source", source.toJson(mapper));
        request.set("target", target.toJson(mapper));
        var mappings = request.putArray("databases");
        databases.forEach(mapping -> {
            ObjectNode database =
                    mappings.addObject()
                            .put("source", mapping.source())
                            .put("target", mapping.target());
            if (!wishes.isEmpty()) {
                var rules = database.putArray("mappings");
                wishes.forEach(wish -> wish.addTo(rules));
            }
        });
        var patterns = request.putArray("tables");
        tables.forEach(patterns::add);
        ObjectNode settings = request.putObject("settings");
        lanes.ifPresent(number -> settings.put("lanes", number));
        settings.put("loadWorkers", loadWorkers.orElseGet(MigrateArguments::usualLoadWorkers));
        return request;
    }

    /** Broker, services, and often the databases too share these cores. */
    private static int usualLoadWorkers() {
        return Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 4);
    }

    private static String option(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
