// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Runs statements as they stand: a definition from the catalog may hold braces, which JDBC would
 * take for its own syntax.
 */
final class Ddl {
    private Ddl() {}

    static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        }
    }
}
