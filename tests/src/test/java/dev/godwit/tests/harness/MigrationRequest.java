// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The body of POST /api/v1/migrations, with what most scenarios want. */
public final class MigrationRequest {
    private final String name;
    private final Map<String, Object> source;
    private final Map<String, Object> target;
    private final List<Map<String, Object>> databases = new ArrayList<>();
    private final Map<String, Object> settings = new LinkedHashMap<>();
    private final List<Map<String, Object>> mappings = new ArrayList<>();
    private List<String> tables = List.of();

    MigrationRequest(String name, Database source, Database target, Roles role) {
        this.name = name;
        this.source = server(source, role);
        this.target = server(target, role);
        databases.add(Map.of("source", source.name(), "target", target.name()));
        settings.put("lanes", 2);
        settings.put("loadWorkers", 2);
    }

    /** Further databases of the same servers. */
    public MigrationRequest and(String sourceDatabase, String targetDatabase) {
        databases.add(Map.of("source", sourceDatabase, "target", targetDatabase));
        return this;
    }

    /** Replaces a field of the source, for example its password. */
    public MigrationRequest source(String field, Object value) {
        source.put(field, value);
        return this;
    }

    public MigrationRequest target(String field, Object value) {
        target.put(field, value);
        return this;
    }

    /** Replaces the database names. */
    public MigrationRequest databases(String sourceDatabase, String targetDatabase) {
        databases.clear();
        databases.add(Map.of("source", sourceDatabase, "target", targetDatabase));
        return this;
    }

    public MigrationRequest tables(String... patterns) {
        tables = List.of(patterns);
        return this;
    }

    /**
     * How a table of the first database travels.
     *
     * @param rest target, where, columns
     */
    public MigrationRequest mapping(String table, Map<String, Object> rest) {
        Map<String, Object> mapping = new LinkedHashMap<>(rest);
        mapping.put("source", table);
        mappings.add(mapping);
        return this;
    }

    public MigrationRequest setting(String key, Object value) {
        settings.put(key, value);
        return this;
    }

    String name() {
        return name;
    }

    Map<String, Object> body() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("project", "scenarios");
        body.put("name", name);
        body.put("source", source);
        body.put("target", target);
        List<Map<String, Object>> mapped = new ArrayList<>(databases);
        if (!mappings.isEmpty()) {
            Map<String, Object> first = new LinkedHashMap<>(mapped.getFirst());
            first.put("mappings", mappings);
            mapped.set(0, first);
        }
        body.put("databases", mapped);
        if (!tables.isEmpty()) {
            body.put("tables", tables);
        }
        body.put("settings", settings);
        return body;
    }

    private static Map<String, Object> server(Database database, Roles role) {
        Map<String, Object> server = new LinkedHashMap<>();
        server.put("host", database.server().host());
        server.put("port", database.server().port());
        server.put("user", role.user());
        server.put("password", role.password());
        server.put("sslMode", "disable");
        server.put("parameters", Map.of());
        return server;
    }
}
