// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.Secret;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/** One real PostgreSQL server and the databases that a test makes on it. */
public final class TestDatabases implements AutoCloseable {
    private final EmbeddedPostgres server;

    private TestDatabases(EmbeddedPostgres server) {
        this.server = server;
    }

    public static TestDatabases start(String walLevel) throws IOException {
        return new TestDatabases(
                EmbeddedPostgres.builder()
                        .setServerConfig("wal_level", walLevel)
                        .setServerConfig("max_replication_slots", "4")
                        .setServerConfig("max_wal_senders", "4")
                        .setServerConfig("max_prepared_transactions", "4")
                        .setServerConfig("fsync", "off")
                        .start());
    }

    public int port() {
        return server.getPort();
    }

    public ConnectionSettings settings(String database) {
        return settings(database, "postgres", "");
    }

    public ConnectionSettings settings(String database, String user, String password) {
        return new ConnectionSettings(
                "127.0.0.1",
                server.getPort(),
                database,
                user,
                Secret.of(password),
                "disable",
                Map.of());
    }

    public void create(String database) throws SQLException {
        run("postgres", "CREATE DATABASE " + Identifiers.quote(database));
    }

    public void run(String database, String... statements) throws SQLException {
        try (Connection connection = settings(database).open("test");
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    public String value(String database, String query) throws SQLException {
        try (Connection connection = settings(database).open("test");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    /** Lines of pg_hba.conf that come before all others. */
    public void admit(String lines) throws SQLException, IOException {
        Path file = Path.of(value("postgres", "SHOW hba_file"));
        Files.writeString(file, lines + "\n" + Files.readString(file));
        run("postgres", "SELECT pg_reload_conf()");
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
