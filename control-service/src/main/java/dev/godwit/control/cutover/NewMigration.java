// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.Secret;
import dev.godwit.schemas.Settings;
import dev.godwit.schemas.TableRule;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the operator asks for. A bad value is refused with the name of its field in the request.
 *
 * @param tablePatterns "schema.table" with * for any characters, ! in front leaves out; empty:
 *     every table
 */
public record NewMigration(
        String project,
        String name,
        Endpoint source,
        Endpoint target,
        List<DatabasePair> databases,
        List<String> tablePatterns,
        Settings settings) {
    private static final int NAME_CHARACTERS_MOST = 200;
    private static final int IDENTIFIER_BYTES_MOST = 63;
    private static final int PORT_MOST = 65_535;
    private static final int CONNECTIONS_MOST = 64;
    private static final Set<String> SSL_MODES =
            Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    /**
     * The driver's properties that are safe to pass: none names a class, a file to write, or a
     * password.
     */
    private static final Set<String> PARAMETERS =
            Set.of(
                    "sslrootcert",
                    "sslcert",
                    "sslkey",
                    "sslNegotiation",
                    "channelBinding",
                    "gssEncMode",
                    "kerberosServerName",
                    "connectTimeout",
                    "loginTimeout",
                    "socketTimeout",
                    "tcpKeepAlive",
                    "hostRecheckSeconds",
                    "targetServerType",
                    "options");

    public NewMigration {
        databases = List.copyOf(databases);
        tablePatterns = List.copyOf(tablePatterns);
        requireText(project, "project", NAME_CHARACTERS_MOST);
        requireText(name, "name", NAME_CHARACTERS_MOST);
        require(!databases.isEmpty(), "databases", "name at least one");
        var sources = new HashSet<String>();
        var targets = new HashSet<String>();
        for (int i = 0; i < databases.size(); i++) {
            DatabasePair pair = databases.get(i);
            requireIdentifier(pair.source(), "databases[" + i + "].source");
            requireIdentifier(pair.target(), "databases[" + i + "].target");
            require(
                    sources.add(pair.source()),
                    "databases[" + i + "].source",
                    "not be named twice");
            require(
                    targets.add(pair.target()),
                    "databases[" + i + "].target",
                    "not be named twice");
            require(
                    !sameServer(source, target) || !pair.source().equals(pair.target()),
                    "databases[" + i + "].target",
                    "be another database than the source");
            TableRules.requireDistinct("databases[" + i + "].mappings", pair.rules());
        }
        for (int i = 0; i < tablePatterns.size(); i++) {
            String pattern = tablePatterns.get(i);
            String bare = pattern.startsWith("!") ? pattern.substring(1) : pattern;
            require(
                    bare.equals("*")
                            || (bare.indexOf('.') > 0 && bare.indexOf('.') < bare.length() - 1),
                    "tables[" + i + "]",
                    "be of the form schema.table");
        }
        require(
                settings.getLoadWorkers() >= 1 && settings.getLoadWorkers() <= CONNECTIONS_MOST,
                "settings.loadWorkers",
                "be between 1 and 64");
        require(
                settings.getLanes() >= 1 && settings.getLanes() <= CONNECTIONS_MOST,
                "settings.lanes",
                "be between 1 and 64");
        require(
                settings.getLoadBacklogBytesMax() >= 1,
                "settings.loadBacklogBytesMax",
                "be at least 1");
        require(settings.getRowBytesMax() >= 1, "settings.rowBytesMax", "be at least 1");
    }

    /** One server. */
    public record Endpoint(
            String field,
            String host,
            int port,
            String user,
            Secret password,
            String sslMode,
            Map<String, String> parameters) {
        public Endpoint {
            parameters = Map.copyOf(parameters);
            requireText(host, field + ".host", NAME_CHARACTERS_MOST + IDENTIFIER_BYTES_MOST);
            require(
                    host.chars().allMatch(c -> c > ' ' && "/?#@\\,".indexOf(c) < 0),
                    field + ".host",
                    "be a host name or an address");
            require(port >= 1 && port <= PORT_MOST, field + ".port", "be between 1 and 65535");
            requireIdentifier(user, field + ".user");
            require(
                    SSL_MODES.contains(sslMode),
                    field + ".sslMode",
                    "be one of disable, allow, prefer, require, verify-ca, verify-full");
            for (String parameter : parameters.keySet()) {
                require(
                        PARAMETERS.contains(parameter),
                        field + ".parameters",
                        "not hold '%s'; allowed are %s"
                                .formatted(
                                        parameter,
                                        String.join(", ", PARAMETERS.stream().sorted().toList())));
            }
        }
    }

    /**
     * One source database and where it goes.
     *
     * @param rules of tables that travel otherwise than as they are
     */
    public record DatabasePair(String source, String target, List<TableRule> rules) {
        public DatabasePair {
            rules = List.copyOf(rules);
        }
    }

    private static boolean sameServer(Endpoint source, Endpoint target) {
        return source.host().equalsIgnoreCase(target.host()) && source.port() == target.port();
    }

    private static void requireIdentifier(String value, String field) {
        requireText(value, field, IDENTIFIER_BYTES_MOST);
        require(
                value.getBytes(StandardCharsets.UTF_8).length <= IDENTIFIER_BYTES_MOST,
                field,
                "have at most 63 bytes");
    }

    private static void requireText(String value, String field, int charactersMost) {
        require(!value.isBlank(), field, "not be empty");
        require(
                value.length() <= charactersMost,
                field,
                "have at most %d characters".formatted(charactersMost));
        require(
                value.chars().noneMatch(Character::isISOControl),
                field,
                "hold no control character");
    }

    private static void require(boolean condition, String field, String rule) {
        if (!condition) {
            throw new MigrationException(
                    ErrorCode.REQUEST_INVALID, "%s must %s".formatted(field, rule));
        }
    }
}
