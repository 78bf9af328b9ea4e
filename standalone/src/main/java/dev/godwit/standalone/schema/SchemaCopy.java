// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.schema;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.standalone.schema.DumpEntries.Entry;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Makes the source's schema in an empty target database, in one transaction: after a failure or a
 * kill the target is as empty as before.
 */
public final class SchemaCopy {
    private static final int ERRORS_SHOWN = 10;
    private static final Pattern SETTING_END = Pattern.compile(";\\s*\\n");
    private static final String UNDEFINED_PARAMETER = "42704";

    /** Ordinary tables and views outside the system schemas. */
    private static final String ANY_RELATION =
            "SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c"
                    + " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                    + " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
                    + " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
                    + " AND d.objid = c.oid AND d.deptype = 'e') ORDER BY 1 LIMIT 1";

    private final PgDump pgDump;

    /** With the pg_dump of the PATH. */
    public SchemaCopy() {
        this(new PgDump("pg_dump"));
    }

    SchemaCopy(PgDump pgDump) {
        this.pgDump = pgDump;
    }

    /**
     * Copies all of it or nothing.
     *
     * @throws MigrationException naming what the target refused
     */
    public void copy(ConnectionSettings source, ConnectionSettings target)
            throws InterruptedException {
        try {
            ServerVersion version = version(source);
            if (!version.publishes()) {
                throw new MigrationException(
                        ErrorCode.SOURCE_TOO_OLD, "the source is PostgreSQL " + version);
            }
            String dump = pgDump.schema(source, version);
            create(DumpEntries.of(dump), target);
        } catch (SQLException e) {
            throw new MigrationException(ErrorCode.SCHEMA_FAILED, firstLine(e), e);
        }
    }

    private static ServerVersion version(ConnectionSettings server) throws SQLException {
        try (Connection connection = server.open("godwit schema")) {
            return ConnectionSettings.version(connection);
        }
    }

    /** In the simple protocol: an entry goes over as it is. */
    private static void create(List<Entry> entries, ConnectionSettings target) throws SQLException {
        var properties = target.properties("godwit schema");
        properties.setProperty("preferQueryMode", "simple");
        try (Connection connection = DriverManager.getConnection(target.url(), properties)) {
            requireEmpty(connection, target);
            connection.setAutoCommit(false);
            var errors = new ArrayList<String>();
            for (Entry entry : entries) {
                refusal(connection, entry).ifPresent(errors::add);
            }
            if (!errors.isEmpty()) {
                connection.rollback();
                throw new MigrationException(ErrorCode.SCHEMA_FAILED, summary(errors));
            }
            connection.commit();
        }
    }

    private static void requireEmpty(Connection connection, ConnectionSettings target)
            throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(ANY_RELATION)) {
            if (row.next()) {
                throw new MigrationException(
                        ErrorCode.SCHEMA_FAILED,
                        "the target database %s is not empty: it holds %s"
                                .formatted(target.database(), row.getString(1)),
                        "Give an empty target database, or use --schema existing if it has the schema already.",
                        null);
            }
        }
    }

    /**
     * Comments on what an extension or the server owns may be refused; they carry no data, and
     * nothing depends on them.
     */
    private static Optional<String> refusal(Connection connection, Entry entry)
            throws SQLException {
        if (entry.settings()) {
            for (String setting : SETTING_END.splitAsStream(entry.sql()).toList()) {
                execute(connection, setting, true);
            }
            return Optional.empty();
        }
        return execute(connection, entry.sql(), false)
                .filter(e -> !entry.comment())
                .map(e -> entry.type() + " " + entry.name() + ": " + firstLine(e));
    }

    private static Optional<SQLException> execute(
            Connection connection, String sql, boolean newerSettingAllowed) throws SQLException {
        Savepoint before = connection.setSavepoint();
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
            connection.releaseSavepoint(before);
            return Optional.empty();
        } catch (SQLException e) {
            connection.rollback(before);
            if (newerSettingAllowed && !UNDEFINED_PARAMETER.equals(e.getSQLState())) {
                throw e;
            }
            return Optional.of(e);
        }
    }

    private static String firstLine(SQLException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private static String summary(List<String> errors) {
        String first = String.join("; ", errors.subList(0, Math.min(ERRORS_SHOWN, errors.size())));
        return errors.size() <= ERRORS_SHOWN
                ? first
                : first + "; and %d more".formatted(errors.size() - ERRORS_SHOWN);
    }
}
