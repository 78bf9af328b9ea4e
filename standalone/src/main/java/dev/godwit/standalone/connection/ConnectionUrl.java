// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.connection;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A connection URL as libpq reads it (PostgreSQL docs, "Connection URIs"), strictly: what it does
 * not say clearly is refused with the reason. A host must be named, and only one; a user too.
 *
 * @param database empty when the URL names none
 * @param password as the URL has it, decoded; usually empty, since passwords have better places
 * @param parameters further pgjdbc properties
 */
public record ConnectionUrl(
        String host,
        int port,
        Optional<String> database,
        String user,
        Optional<String> password,
        String sslMode,
        Map<String, String> parameters) {
    private static final List<String> SCHEMES = List.of("postgresql://", "postgres://");
    private static final List<String> SSL_MODES =
            List.of("disable", "prefer", "require", "verify-ca", "verify-full");
    private static final List<String> PARAMETERS =
            List.of("sslrootcert", "sslcert", "sslkey", "channelBinding");
    private static final int DEFAULT_PORT = 5432;
    private static final int PORT_MAX = 65_535;

    public ConnectionUrl {
        parameters = Map.copyOf(parameters);
    }

    /**
     * Reads a URL.
     *
     * @throws InvalidArgumentException naming what is wrong; it never repeats the password
     */
    public static ConnectionUrl parse(String url) {
        String rest = afterScheme(url);
        int queryStart = rest.indexOf('?');
        String beforeQuery = queryStart < 0 ? rest : rest.substring(0, queryStart);
        int pathStart = beforeQuery.indexOf('/');
        String authority = pathStart < 0 ? beforeQuery : beforeQuery.substring(0, pathStart);
        String path = pathStart < 0 ? "" : beforeQuery.substring(pathStart + 1);
        int at = authority.indexOf('@');
        if (at <= 0) {
            throw new InvalidArgumentException(
                    "no user: write postgresql://user@host:port/database");
        }
        if (authority.indexOf('@', at + 1) >= 0) {
            throw new InvalidArgumentException(
                    "more than one '@' before the database: write an '@' in a name or password as %40");
        }
        HostPort address = HostPort.parse(authority.substring(at + 1));
        Map<String, String> parameters =
                parameters(queryStart < 0 ? "" : rest.substring(queryStart + 1));
        String sslMode =
                Optional.ofNullable(parameters.remove("sslmode")).orElse(address.defaultSslMode());
        if (!SSL_MODES.contains(sslMode)) {
            throw new InvalidArgumentException(
                    "sslmode=" + sslMode + " is none of " + String.join(", ", SSL_MODES));
        }
        return withUser(authority.substring(0, at), address, database(path), sslMode, parameters);
    }

    /** host:port, for messages. */
    public String address() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    @Override
    public String toString() {
        return "postgresql://"
                + user
                + "@"
                + address()
                + database.map(name -> "/" + name).orElse("");
    }

    private static String afterScheme(String url) {
        return SCHEMES.stream()
                .filter(url::startsWith)
                .map(scheme -> url.substring(scheme.length()))
                .findFirst()
                .orElseThrow(
                        () -> new InvalidArgumentException("it must begin with postgresql://"));
    }

    private static ConnectionUrl withUser(
            String userInfo,
            HostPort address,
            Optional<String> database,
            String sslMode,
            Map<String, String> parameters) {
        int colon = userInfo.indexOf(':');
        String user = PercentCoding.decode(colon < 0 ? userInfo : userInfo.substring(0, colon));
        if (user.isEmpty()) {
            throw new InvalidArgumentException(
                    "no user: write postgresql://user@host:port/database");
        }
        Optional<String> password =
                colon < 0
                        ? Optional.empty()
                        : Optional.of(PercentCoding.decode(userInfo.substring(colon + 1)));
        return new ConnectionUrl(
                address.host, address.port, database, user, password, sslMode, parameters);
    }

    private static Optional<String> database(String path) {
        if (path.indexOf('/') >= 0) {
            throw new InvalidArgumentException("a '/' in a database name is written %2F");
        }
        return path.isEmpty() ? Optional.empty() : Optional.of(PercentCoding.decode(path));
    }

    private static Map<String, String> parameters(String query) {
        var parameters = new LinkedHashMap<String, String>();
        for (String pair : query.isEmpty() ? List.<String>of() : List.of(query.split("&", -1))) {
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                throw new InvalidArgumentException(
                        "each parameter after '?' is name=value, but there is '" + pair + "'");
            }
            String name = PercentCoding.decode(pair.substring(0, equals));
            if (name.equals("password")) {
                throw new InvalidArgumentException(
                        "a password is no parameter: use a password file, PGPASSWORD or ~/.pgpass");
            }
            if (!name.equals("sslmode") && !PARAMETERS.contains(name)) {
                throw new InvalidArgumentException(
                        "parameter "
                                + name
                                + " is unknown: use sslmode, "
                                + String.join(", ", PARAMETERS));
            }
            if (parameters.put(name, PercentCoding.decode(pair.substring(equals + 1))) != null) {
                throw new InvalidArgumentException("parameter " + name + " stands twice");
            }
        }
        return parameters;
    }

    private record HostPort(String host, int port) {
        static HostPort parse(String text) {
            if (text.indexOf(',') >= 0) {
                throw new InvalidArgumentException("one host only: the primary server");
            }
            if (text.startsWith("[")) {
                int end = text.indexOf(']');
                if (end < 0 || (end + 1 < text.length() && text.charAt(end + 1) != ':')) {
                    throw new InvalidArgumentException("an IPv6 address is written [address]:port");
                }
                return new HostPort(
                        text.substring(1, end),
                        port(end + 1 < text.length() ? text.substring(end + 2) : ""));
            }
            int colon = text.indexOf(':');
            if (colon >= 0 && text.indexOf(':', colon + 1) >= 0) {
                throw new InvalidArgumentException("an IPv6 address is written [address]:port");
            }
            String host = PercentCoding.decode(colon < 0 ? text : text.substring(0, colon));
            if (host.isEmpty()) {
                throw new InvalidArgumentException(
                        "no host: write postgresql://user@host:port/database");
            }
            if (host.startsWith("/")) {
                throw new InvalidArgumentException(
                        "a socket directory is no host: Godwit connects by TCP");
            }
            return new HostPort(host, port(colon < 0 ? "" : text.substring(colon + 1)));
        }

        String defaultSslMode() {
            boolean loopback =
                    host.equals("localhost") || host.equals("::1") || host.startsWith("127.");
            return loopback ? "prefer" : "verify-full";
        }

        private static int port(String text) {
            if (text.isEmpty()) {
                return DEFAULT_PORT;
            }
            boolean digits = text.length() <= 5 && text.chars().allMatch(c -> c >= '0' && c <= '9');
            int port = digits ? Integer.parseInt(text) : 0;
            if (port < 1 || port > PORT_MAX) {
                throw new InvalidArgumentException("the port is a number from 1 to " + PORT_MAX);
            }
            return port;
        }
    }
}
