// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.demo;

import dev.godwit.postgres.ConnectionSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;

/** The film-rental shop: its schema, the same file for every version, and its rows. */
final class Sample {
    static final String DATABASE = "rental";

    private Sample() {}

    static void createDatabase(ConnectionSettings maintenance) throws SQLException {
        try (Connection connection = maintenance.open("godwit demo");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + DATABASE);
        }
    }

    static void createSchema(ConnectionSettings database) throws SQLException, IOException {
        run(database, "/sample/schema.sql");
    }

    static void insertRows(ConnectionSettings database) throws SQLException, IOException {
        run(database, "/sample/rows.sql");
    }

    /** An ordinary client's session: the server's own settings, the script as one message. */
    private static void run(ConnectionSettings database, String resource)
            throws SQLException, IOException {
        var properties = database.properties("rental shop");
        properties.setProperty("preferQueryMode", "simple");
        try (InputStream script =
                        Objects.requireNonNull(
                                Sample.class.getResourceAsStream(resource), resource);
                Connection connection = DriverManager.getConnection(database.url(), properties);
                Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(new String(script.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
