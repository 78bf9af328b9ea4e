// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Makes the source database read-only for every session that does not say otherwise: its default
 * for new sessions is committed first, then the older sessions are ended.
 */
final class Fence {
    private static final String READ =
            """
            SELECT pg_catalog.substr(c, pg_catalog.length('default_transaction_read_only=') + 1)
              FROM pg_catalog.pg_db_role_setting s
              JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
             CROSS JOIN pg_catalog.unnest(s.setconfig) AS c
             WHERE d.datname = pg_catalog.current_database() AND s.setrole = 0
               AND pg_catalog.starts_with(c, 'default_transaction_read_only=')
            """;

    /** Before 11 there is no starts_with. */
    private static final String READ_10 =
            READ.replace(
                    "pg_catalog.starts_with(c, 'default_transaction_read_only=')",
                    "c LIKE 'default\\_transaction\\_read\\_only=%'");

    /**
     * Of another role's session a role without pg_read_all_stats sees neither start nor kind
     * (hidden): all but walsenders count then.
     */
    private static final String OLDER =
            """
            SELECT pid, backend_start IS NULL FROM pg_catalog.pg_stat_activity
             WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
               AND usename IS NOT NULL AND pid NOT IN (SELECT pid FROM pg_catalog.pg_stat_replication)
               AND (backend_start IS NULL
                    OR (backend_type = 'client backend' AND backend_start <= ?::timestamptz
                        AND application_name NOT LIKE 'godwit %'
                        AND NOT (application_name = 'Debezium General' AND usename = CURRENT_USER)))
            """;

    /** A session reads its settings a moment before it can be seen: one look is not enough. */
    private static final int ROUNDS_LEAST = 3;

    private static final int ROUNDS_MOST = 300;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final SourceDatabase source;
    private final CrashPoints crashPoints;

    Fence(SourceDatabase source, CrashPoints crashPoints) {
        this.source = source;
        this.crashPoints = crashPoints;
    }

    /** The database's own default, empty if it has none. */
    Optional<String> settingNow(Connection connection) throws SQLException {
        boolean old = connection.getMetaData().getDatabaseMajorVersion() < 11;
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(old ? READ_10 : READ)) {
            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
        }
    }

    /** Raises it, and returns once no foreign session is older than it. Repeats change nothing. */
    void raise(Connection connection) throws SQLException {
        String since;
        try (Statement statement = connection.createStatement()) {
            statement.execute(alter() + "SET default_transaction_read_only = on");
            try (ResultSet row =
                    statement.executeQuery("SELECT pg_catalog.clock_timestamp()::text")) {
                row.next();
                since = row.getString(1);
            }
        } catch (SQLException e) {
            if (SqlStates.state(e).equals("42501")) {
                throw new MigrationException(
                        ErrorCode.FENCE_FAILED,
                        "the source database cannot be made read-only: "
                                + SourceDatabase.message(e),
                        e);
            }
            throw e;
        }
        crashPoints.reach(CrashPoint.DURING_FENCE);
        endOlder(connection, since);
    }

    /** Puts the database's default back to what it was. */
    void lower(Connection connection, Optional<String> before) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    before.map(value ->
                                    alter()
                                            + "SET default_transaction_read_only = "
                                            + Identifiers.literal(value))
                            .orElseGet(() -> alter() + "RESET default_transaction_read_only"));
        }
    }

    private void endOlder(Connection connection, String since) throws SQLException {
        Sessions first = older(connection, since);
        Set<Integer> older = first.all();
        for (int round = 0; round < ROUNDS_MOST; round++) {
            if (older.isEmpty() && round >= ROUNDS_LEAST) {
                return;
            }
            for (int backend : older) {
                end(connection, backend);
            }
            LockSupport.parkNanos(this, PAUSE_NANOS);
            Sessions now = older(connection, since);
            if (round < ROUNDS_LEAST) {
                first.hidden.addAll(now.hidden);
            }
            older = now.thatWereIn(first);
        }
        throw new MigrationException(
                ErrorCode.FENCE_FAILED,
                "sessions older than the fence do not end: " + older,
                "End these backends of the source, then retry.",
                null);
    }

    private static Sessions older(Connection connection, String since) throws SQLException {
        var older = new Sessions(new TreeSet<>(), new TreeSet<>());
        try (PreparedStatement query = connection.prepareStatement(OLDER)) {
            query.setString(1, since);
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    (row.getBoolean(2) ? older.hidden : older.seen).add(row.getInt(1));
                }
            }
        }
        return older;
    }

    /** Backends that are older than the fence, and those that may be. */
    private record Sessions(Set<Integer> seen, Set<Integer> hidden) {
        Set<Integer> all() {
            var all = new TreeSet<>(seen);
            all.addAll(hidden);
            return all;
        }

        /** A hidden one that came after the first looks is newer than the fence. */
        Set<Integer> thatWereIn(Sessions first) {
            var left = new TreeSet<>(hidden);
            left.retainAll(first.hidden);
            left.addAll(seen);
            return left;
        }
    }

    private static void end(Connection connection, int backend) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("SELECT pg_catalog.pg_terminate_backend(?)")) {
            query.setInt(1, backend);
            query.execute();
        } catch (SQLException e) {
            if (!SqlStates.state(e).equals("42501")) {
                throw e;
            }
            throw new MigrationException(
                    ErrorCode.FENCE_FAILED,
                    "backend " + backend + " of the source may not be ended by this user",
                    "GRANT pg_signal_backend TO the source user, or end backend "
                            + backend
                            + " yourself; then retry.",
                    e);
        }
    }

    private String alter() {
        return "ALTER DATABASE " + Identifiers.quote(source.settings().database()) + " ";
    }
}
