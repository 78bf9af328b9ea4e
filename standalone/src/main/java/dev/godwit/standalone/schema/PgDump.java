// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.schema;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.ServerVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The pg_dump of the PATH. It refuses servers newer than itself, so that is asked first. */
final class PgDump {
    private static final Pattern VERSION = Pattern.compile("\\) (\\d+)");
    private static final Map<String, String> PARAMETERS =
            Map.of("sslrootcert", "PGSSLROOTCERT", "sslcert", "PGSSLCERT", "sslkey", "PGSSLKEY");

    private final String program;

    PgDump(String program) {
        this.program = program;
    }

    /**
     * The schema of a database as SQL: no owners, no privileges, no data.
     *
     * @throws MigrationException PG_DUMP_MISSING, PG_DUMP_TOO_OLD or SCHEMA_FAILED with what
     *     pg_dump said
     */
    String schema(ConnectionSettings source, ServerVersion version) throws InterruptedException {
        requireAtLeast(version);
        return run(
                List.of(
                        program,
                        "--no-owner",
                        "--no-privileges",
                        "--schema-only",
                        "--no-publications",
                        "--no-subscriptions"),
                environment(source));
    }

    private void requireAtLeast(ServerVersion source) throws InterruptedException {
        Matcher version = VERSION.matcher(run(List.of(program, "--version"), Map.of()));
        int major = version.find() ? Integer.parseInt(version.group(1)) : 0;
        if (major < source.major()) {
            throw new MigrationException(
                    ErrorCode.PG_DUMP_TOO_OLD,
                    "pg_dump is version %d, the source is %s".formatted(major, source),
                    "Install the package postgresql-client-%d and put its pg_dump first on the PATH, or create the schema yourself and use --schema existing."
                            .formatted(source.major()),
                    null);
        }
    }

    /** By environment: nothing of it shows in a process list, and no name needs quoting. */
    private static Map<String, String> environment(ConnectionSettings source) {
        var environment = new HashMap<String, String>();
        environment.put("PGHOST", source.host());
        environment.put("PGPORT", Integer.toString(source.port()));
        environment.put("PGUSER", source.user());
        environment.put("PGDATABASE", source.database());
        environment.put("PGPASSWORD", source.password().reveal());
        environment.put("PGSSLMODE", source.sslMode());
        environment.put("PGCLIENTENCODING", "UTF8");
        environment.put("PGCONNECT_TIMEOUT", "10");
        source.parameters()
                .forEach((name, value) -> {
                    if (PARAMETERS.containsKey(name)) {
                        environment.put(PARAMETERS.get(name), value);
                    }
                });
        return environment;
    }

    private String run(List<String> command, Map<String, String> environment)
            throws InterruptedException {
        try {
            Path errors = Files.createTempFile("godwit-pg-dump-", ".err");
            try {
                var builder =
                        new ProcessBuilder(new ArrayList<>(command)).redirectError(errors.toFile());
                builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
                builder.environment().putAll(environment);
                Process process = builder.start();
                process.getOutputStream().close();
                String output =
                        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (process.waitFor() != 0) {
                    throw new MigrationException(
                            ErrorCode.SCHEMA_FAILED,
                            "pg_dump failed: " + Files.readString(errors).strip());
                }
                return output;
            } finally {
                Files.delete(errors);
            }
        } catch (IOException e) {
            throw new MigrationException(
                    ErrorCode.PG_DUMP_MISSING, "there is no pg_dump on the PATH", e);
        }
    }
}
