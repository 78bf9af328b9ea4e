// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import dev.godwit.schemas.Server;
import dev.godwit.schemas.secret.PasswordSeal;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import javax.net.ssl.SSLException;

/**
 * How to reach one database.
 *
 * @param sslMode libpq's name: disable, prefer, require, verify-ca, verify-full
 * @param parameters further pgjdbc connection properties, for example sslrootcert
 */
public record ConnectionSettings(
        String host,
        int port,
        String database,
        String user,
        Secret password,
        String sslMode,
        Map<String, String> parameters) {
    private static final int CONNECT_SECONDS = 10;
    private static final String REJECTED_BY_DRIVER = "08004";
    private static final Set<String> TLS_MODES = Set.of("require", "verify-ca", "verify-full");

    public ConnectionSettings {
        parameters = Map.copyOf(parameters);
    }

    /**
     * Of a database on a server that a migration names.
     *
     * @throws MigrationException KEYSET_WRONG if the password was sealed with another keyset, or
     *     for another migration
     */
    public static ConnectionSettings of(
            Server server, String database, String migrationId, PasswordSeal seal) {
        return new ConnectionSettings(
                server.getHost(),
                server.getPort(),
                database,
                server.getUser(),
                password(server, migrationId, seal),
                server.getSslMode(),
                server.getParameters());
    }

    private static Secret password(Server server, String migrationId, PasswordSeal seal) {
        try {
            return Secret.of(seal.open(server.getSealedPassword(), migrationId));
        } catch (GeneralSecurityException e) {
            throw new MigrationException(
                    ErrorCode.KEYSET_WRONG,
                    "the password of %s on %s was sealed with another keyset"
                            .formatted(server.getUser(), server.getHost()),
                    e);
        }
    }

    public ConnectionSettings withDatabase(String other) {
        return new ConnectionSettings(host, port, other, user, password, sslMode, parameters);
    }

    /** The driver's URL; user and password travel in {@link #properties}, never in a URL. */
    public String url() {
        String bracketed = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return "jdbc:postgresql://"
                + bracketed
                + ":"
                + port
                + "/"
                + java.net.URLEncoder.encode(database, java.nio.charset.StandardCharsets.UTF_8);
    }

    /**
     * The driver's properties.
     *
     * @param applicationName at most 63 bytes, shown in pg_stat_activity
     */
    public Properties properties(String applicationName) {
        var properties = new Properties();
        properties.putAll(parameters);
        properties.setProperty("user", user);
        properties.setProperty("password", password.reveal());
        properties.setProperty("sslmode", sslMode);
        properties.setProperty("ApplicationName", applicationName);
        properties.setProperty("connectTimeout", Integer.toString(CONNECT_SECONDS));
        properties.setProperty("tcpKeepAlive", "true");
        // A server's detail and context lines hold values of rows, and what an exception says is
        // logged.
        properties.setProperty("logServerErrorDetail", "false");
        // Parameters go as text of unknown type: the server's own input functions read every value.
        properties.setProperty("stringtype", "unspecified");
        return properties;
    }

    /**
     * An ordinary session with our settings fixed, in autocommit.
     *
     * @throws SQLException caused by an {@link SSLException} when TLS is wanted and the server does
     *     not speak it
     */
    public Connection open(String applicationName) throws SQLException {
        Connection connection = connect(applicationName);
        try {
            SessionSettings.fix(connection, version(connection));
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    private Connection connect(String applicationName) throws SQLException {
        try {
            return DriverManager.getConnection(url(), properties(applicationName));
        } catch (SQLException e) {
            boolean withoutTls =
                    REJECTED_BY_DRIVER.equals(e.getSQLState())
                            && TLS_MODES.contains(sslMode)
                            && TlsRequest.refused(host, port, CONNECT_SECONDS * 1000);
            if (!withoutTls) {
                throw e;
            }
            throw new SQLException(e.getMessage(), e.getSQLState(), new SSLException(e));
        }
    }

    public static ServerVersion version(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW server_version_num")) {
            row.next();
            return new ServerVersion(row.getInt(1));
        }
    }

    @Override
    public String toString() {
        return user + "@" + host + ":" + port + "/" + database;
    }
}
