// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.postgres;

import dev.godwit.postgres.Identifiers;
import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * One database, looked at and changed by the harness. Each call has a session of its own: none is
 * left to be fenced.
 */
public record Database(PostgresServer server, String name) {
    private static final int FORCED_DROP = 13;

    public Connection open() throws SQLException {
        return server.open(name, Roles.SUPERUSER);
    }

    public Connection openAs(Roles role) throws SQLException {
        return server.open(name, role);
    }

    /** Runs the statements in one session, each in its own transaction. */
    public Database execute(String... statements) {
        return executeAs(Roles.SUPERUSER, statements);
    }

    public Database executeAs(Roles role, String... statements) {
        try (Connection connection = openAs(role);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
            return this;
        } catch (SQLException e) {
            throw new IllegalStateException(String.join("; ", statements), e);
        }
    }

    /** Runs the statements in one transaction. */
    public Database transact(String... statements) {
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (String sql : statements) {
                statement.execute(sql);
            }
            connection.commit();
            return this;
        } catch (SQLException e) {
            throw new IllegalStateException(String.join("; ", statements), e);
        }
    }

    /** Copies rows of COPY's text format into a table, in one transaction. */
    public Database copy(String table, String rows) {
        try (Connection connection = open()) {
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("COPY " + table + " FROM STDIN", new StringReader(rows));
            return this;
        } catch (SQLException | IOException e) {
            throw new IllegalStateException("COPY " + table, e);
        }
    }

    /** The rows of a query, their columns joined by a vertical bar. */
    public List<String> query(String sql) {
        try (Connection connection = open();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            int columns = rows.getMetaData().getColumnCount();
            List<String> lines = new ArrayList<>();
            while (rows.next()) {
                StringBuilder line = new StringBuilder();
                for (int column = 1; column <= columns; column++) {
                    line.append(column == 1 ? "" : "|").append(rows.getString(column));
                }
                lines.add(line.toString());
            }
            return lines;
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    /** The one value of a query, null when it has no row or the value is null. */
    public @Nullable String value(String sql) {
        try (Connection connection = open();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : null;
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    public long number(String sql) {
        String value = value(sql);
        if (value == null) {
            throw new IllegalStateException("no value: " + sql);
        }
        return Long.parseLong(value);
    }

    /** Drops it, if it exists, with the sessions in it. */
    public void drop() {
        Database postgres = new Database(server, "postgres");
        String drop = "DROP DATABASE IF EXISTS " + Identifiers.quote(name);
        if (server.major() >= FORCED_DROP) {
            postgres.execute(drop + " WITH (FORCE)");
            return;
        }
        postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                        + Identifiers.literal(name),
                drop);
    }
}
