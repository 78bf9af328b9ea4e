// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.postgres;

import dev.godwit.postgres.Identifiers;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Properties;

/** One PostgreSQL server with wal_level = logical and the roles of {@link Roles}. */
public interface PostgresServer extends AutoCloseable {
    int major();

    String host();

    int port();

    void start();

    /**
     * SIGQUIT: no checkpoint, sessions cut, what was not flushed is gone. The server stays down
     * until {@link #start}.
     */
    void stopImmediately();

    /** SIGINT: sessions are ended, a checkpoint is written. */
    void stopFast();

    @Override
    void close();

    /** A locale that writes money in euros, if the server can use such. */
    default Optional<String> euroLocale() {
        return Optional.empty();
    }

    /** A session with the harness's own fixed settings, in autocommit. */
    default Connection open(String database, Roles role) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", role.user());
        properties.setProperty("password", role.password());
        properties.setProperty("sslmode", "disable");
        properties.setProperty("stringtype", "unspecified");
        properties.setProperty("connectTimeout", "10");
        properties.setProperty("ApplicationName", "harness");
        Connection connection =
                DriverManager.getConnection(
                        "jdbc:postgresql://%s:%d/%s"
                                .formatted(
                                        host(),
                                        port(),
                                        java.net.URLEncoder.encode(
                                                database, java.nio.charset.StandardCharsets.UTF_8)),
                        properties);
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres';"
                            + " SET bytea_output = 'hex'; SET extra_float_digits = 3; SET lc_monetary = 'C';"
                            + " SET quote_all_identifiers = off; SET search_path = '$user', public;"
                            + " SET xmloption = content; SET array_nulls = on");
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** Makes the roles of a new server. */
    default void createRoles() {
        new Database(this, "postgres")
                .execute(
                        major() < 10
                                ? "SET password_encryption = on"
                                : "SET password_encryption = 'scram-sha-256'",
                        "CREATE ROLE migrator LOGIN REPLICATION PASSWORD "
                                + Identifiers.literal(Roles.MIGRATOR.password()),
                        "GRANT pg_signal_backend TO migrator",
                        "CREATE ROLE app LOGIN PASSWORD "
                                + Identifiers.literal(Roles.APP.password()));
    }

    /**
     * A fresh database owned by {@link Roles#MIGRATOR}, in which {@link Roles#APP} may create and
     * write.
     */
    default Database createDatabase(String name) {
        return createDatabase(name, "UTF8");
    }

    /** The same in a server's encoding of that name. */
    default Database createDatabase(String name, String encoding) {
        String quoted = Identifiers.quote(name);
        Database postgres = new Database(this, "postgres");
        Database created = new Database(this, name);
        created.drop();
        postgres.execute(
                "CREATE DATABASE %s OWNER migrator TEMPLATE template0 ENCODING '%s'"
                        .formatted(quoted, encoding));
        created.execute("GRANT ALL ON SCHEMA public TO migrator, app");
        return created;
    }
}
