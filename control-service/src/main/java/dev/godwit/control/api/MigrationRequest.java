// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.api;

import dev.godwit.control.cutover.NewMigration;
import dev.godwit.control.cutover.TableRules;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.Secret;
import dev.godwit.schemas.Settings;
import dev.godwit.schemas.TableRule;
import io.micronaut.serde.annotation.Serdeable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What creates a migration.
 *
 * @param project a folder of migrations; default: default
 * @param tables patterns "schema.table" with * for any characters; one that begins with ! leaves
 *     tables out; none: all
 */
@Serdeable
public record MigrationRequest(
        @Nullable String project,
        @Nullable String name,
        @Nullable ServerRequest source,
        @Nullable ServerRequest target,
        @Nullable List<DatabaseRequest> databases,
        @Nullable List<String> tables,
        @Nullable SettingsRequest settings) {
    private static final int PORT = 5432;
    private static final String SSL_MODE = "verify-full";
    private static final String PROJECT = "default";

    /**
     * One server.
     *
     * @param port default 5432
     * @param sslMode as libpq's; default verify-full
     * @param parameters further properties of the PostgreSQL JDBC driver, for example sslrootcert
     */
    @Serdeable
    public record ServerRequest(
            @Nullable String host,
            @Nullable Integer port,
            @Nullable String user,
            @Nullable String password,
            @Nullable String sslMode,
            @Nullable Map<String, String> parameters) {
        @Override
        public String toString() {
            return user + "@" + host + ":" + port;
        }

        NewMigration.Endpoint checked(String field) {
            return new NewMigration.Endpoint(
                    field,
                    given(host, field + ".host"),
                    Objects.requireNonNullElse(port, PORT),
                    given(user, field + ".user"),
                    Secret.of(Objects.requireNonNullElse(password, "")),
                    Objects.requireNonNullElse(sslMode, SSL_MODE),
                    Objects.requireNonNullElse(parameters, Map.of()));
        }
    }

    /**
     * One database.
     *
     * @param target default: the source's name
     * @param mappings which of its tables travel otherwise than as they are; none: all as they are
     */
    @Serdeable
    public record DatabaseRequest(
            @Nullable String source,
            @Nullable String target,
            @Nullable List<MappingRequest> mappings) {
        List<TableRule> rules(String field) {
            var rules = new ArrayList<TableRule>();
            for (MappingRequest mapping :
                    Objects.requireNonNullElse(mappings, List.<MappingRequest>of())) {
                rules.add(
                        TableRules.read(
                                "%s.mappings[%d]".formatted(field, rules.size()),
                                mapping.source(),
                                mapping.target(),
                                mapping.where(),
                                mapping.columns()));
            }
            return rules;
        }
    }

    /**
     * How a table travels, or all tables of a schema. Names are unquoted; one that holds a dot
     * stands in double quotes.
     *
     * @param source schema.table, or schema.* for every selected table of the schema
     * @param target another name on the target, of the same form; default: the source's
     * @param where only rows for which this SQL condition is true, as in a WHERE clause; needs a
     *     source of PostgreSQL 15 or newer; default: all
     * @param columns only these columns of the table; default: all
     */
    @Serdeable
    public record MappingRequest(
            @Nullable String source,
            @Nullable String target,
            @Nullable String where,
            @Nullable List<String> columns) {}

    /** How fast; each has a default. */
    @Serdeable
    public record SettingsRequest(
            @Nullable Integer loadWorkers,
            @Nullable Integer lanes,
            @Nullable Long loadBacklogBytesMax,
            @Nullable Long rowBytesMax) {
        Settings orDefaults() {
            Settings.Builder settings = Settings.newBuilder();
            if (loadWorkers != null) {
                settings.setLoadWorkers(loadWorkers);
            }
            if (lanes != null) {
                settings.setLanes(lanes);
            }
            if (loadBacklogBytesMax != null) {
                settings.setLoadBacklogBytesMax(loadBacklogBytesMax);
            }
            if (rowBytesMax != null) {
                settings.setRowBytesMax(rowBytesMax);
            }
            return settings.build();
        }
    }

    /**
     * @throws MigrationException REQUEST_INVALID, naming the field
     */
    NewMigration checked() {
        var pairs = new ArrayList<NewMigration.DatabasePair>();
        for (DatabaseRequest database : given(databases, "databases")) {
            String field = "databases[%d]".formatted(pairs.size());
            String from = given(database.source(), field + ".source");
            pairs.add(
                    new NewMigration.DatabasePair(
                            from,
                            Objects.requireNonNullElse(database.target(), from),
                            database.rules(field)));
        }
        return new NewMigration(
                Objects.requireNonNullElse(project, PROJECT),
                given(name, "name"),
                given(source, "source").checked("source"),
                given(target, "target").checked("target"),
                pairs,
                Objects.requireNonNullElse(tables, List.of()),
                settings == null ? Settings.newBuilder().build() : settings.orDefaults());
    }

    private static <T> T given(@Nullable T value, String field) {
        if (value == null) {
            throw new MigrationException(ErrorCode.REQUEST_INVALID, field + " is missing");
        }
        return value;
    }
}
