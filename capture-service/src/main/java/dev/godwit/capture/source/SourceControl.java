// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.schemas.SequenceValue;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the owner of a stream asks of its source beside the load and the WAL, on one session that is
 * opened when needed. Every call may throw a MigrationException; repeating it is always right. Not
 * thread-safe.
 */
public final class SourceControl implements AutoCloseable {
    private final SourceDatabase source;
    private final CrashPoints crashPoints;
    private @Nullable Connection connection;

    public SourceControl(SourceDatabase source, CrashPoints crashPoints) {
        this.source = source;
        this.crashPoints = crashPoints;
    }

    /** pg_current_wal_insert_lsn(): at or behind every commit that is visible. */
    public long insertLsn() {
        return ask(
                "reading the WAL's end",
                session -> {
                    try (Statement statement = session.createStatement();
                            ResultSet row =
                                    statement.executeQuery(
                                            "SELECT (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint")) {
                        row.next();
                        return row.getLong(1);
                    }
                });
    }

    /** All sequences of the database but those of tables and columns that do not travel. */
    public List<SequenceValue> sequences(TargetNames names) {
        return ask("reading the sequences", session -> SequenceReader.read(session, names));
    }

    /** The database's own default_transaction_read_only, empty if it has none. */
    public Optional<String> readOnlySetting() {
        return ask("reading the database's settings", new Fence(source, crashPoints)::settingNow);
    }

    /** Makes the database read-only and ends every foreign session that began before. */
    public void raiseFence() {
        ask(
                "fencing the source",
                session -> {
                    new Fence(source, crashPoints).raise(session);
                    return session;
                });
    }

    /** Puts the database's default_transaction_read_only back. */
    public void lowerFence(Optional<String> before) {
        ask(
                "lifting the fence",
                session -> {
                    new Fence(source, crashPoints).lower(session, before);
                    return session;
                });
    }

    /** Drops the main slot that no stream has begun with. */
    public void dropOrphan() {
        ask(
                "dropping a slot without a stream",
                session -> {
                    new Slots(source).dropMain(session);
                    return session;
                });
    }

    /** Ends all other sessions of this migration, drops slot and publication. Gone is success. */
    public void release() {
        ask(
                "dropping slot and publication",
                session -> {
                    endOthers(session);
                    new Slots(source).dropMain(session);
                    crashPoints.reach(CrashPoint.DURING_RELEASE);
                    new Publication(source).drop(session);
                    return session;
                });
    }

    @Override
    public void close() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException broken) {
                // A broken connection is as good as a closed one.
                return;
            }
        }
    }

    private void endOthers(Connection session) throws SQLException {
        try (PreparedStatement query =
                session.prepareStatement(
                        """
                        SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
                         WHERE pid <> pg_catalog.pg_backend_pid() AND usename = CURRENT_USER
                           AND datname = pg_catalog.current_database()
                           AND pg_catalog.left(application_name, ?) = ?
                        """)) {
            query.setInt(1, source.sessionPrefix().length());
            query.setString(2, source.sessionPrefix());
            query.execute();
        }
    }

    @FunctionalInterface
    private interface Question<T> {
        T ask(Connection session) throws SQLException;
    }

    private <T> T ask(String what, Question<T> question) {
        Connection open = connection;
        if (open == null) {
            open = source.open("capture");
            connection = open;
        }
        try {
            return question.ask(open);
        } catch (SQLException e) {
            close();
            throw source.failed(what, e);
        }
    }
}
