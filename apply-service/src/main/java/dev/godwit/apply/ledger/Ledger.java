// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.ledger;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * The schema {@code godwit} of one database migration on its target. Everything here runs in the
 * caller's transaction on the caller's connection, unless it says otherwise.
 */
public final class Ledger {
    /** The role of the changes partition's owner. */
    public static final String CHANGES = "changes";

    /** Serialises makers of the schema: CREATE SCHEMA IF NOT EXISTS alone races with itself. */
    private static final long CREATION_LOCK = 0x676F64776974L;

    private static final List<String> TABLES =
            List.of(
                    """
                    CREATE TABLE godwit.meta (
                      single boolean PRIMARY KEY DEFAULT true CHECK (single),
                      database text NOT NULL)\
                    """,
                    """
                    CREATE TABLE godwit.partition (
                      role text PRIMARY KEY, epoch bigint NOT NULL, log_offset bigint,
                      code text, what text, remedy text) WITH (fillfactor = 20)\
                    """,
                    """
                    CREATE TABLE godwit.lane (
                      lane integer PRIMARY KEY, epoch bigint NOT NULL, final_lsn bigint NOT NULL,
                      ordinal bigint NOT NULL, log_offset bigint NOT NULL,
                      commit_micros bigint NOT NULL) WITH (fillfactor = 10)\
                    """,
                    """
                    CREATE TABLE godwit.counter (
                      lane integer, namespace text, name text,
                      inserts bigint NOT NULL, updates bigint NOT NULL,
                      deletes bigint NOT NULL, truncates bigint NOT NULL,
                      PRIMARY KEY (lane, namespace, name)) WITH (fillfactor = 20)\
                    """,
                    """
                    CREATE TABLE godwit.attempt (
                      namespace text, name text, number integer NOT NULL,
                      owner_epoch bigint NOT NULL, state text NOT NULL, pieces integer[],
                      rows bigint, snapshot_lsn bigint,
                      granted_on timestamptz NOT NULL DEFAULT clock_timestamp(),
                      loaded_on timestamptz, PRIMARY KEY (namespace, name))\
                    """,
                    """
                    CREATE TABLE godwit.piece (
                      namespace text, name text, chunk integer, piece integer,
                      number integer NOT NULL, owner_epoch bigint NOT NULL,
                      rows bigint NOT NULL, bytes bigint NOT NULL,
                      PRIMARY KEY (namespace, name, chunk, piece))\
                    """,
                    """
                    CREATE TABLE godwit.shape (
                      relation bigint PRIMARY KEY, namespace text NOT NULL, name text NOT NULL,
                      shape bytea NOT NULL)\
                    """,
                    """
                    CREATE TABLE godwit.lane_class (
                      namespace text, name text, class text NOT NULL,
                      PRIMARY KEY (namespace, name))\
                    """,
                    """
                    CREATE TABLE godwit.parked (
                      id bigserial PRIMARY KEY, namespace text NOT NULL, name text NOT NULL,
                      kind text NOT NULL, object text NOT NULL, payload text NOT NULL,
                      UNIQUE (namespace, name, kind, object))\
                    """,
                    """
                    CREATE TABLE godwit.rejected (
                      final_lsn bigint, ordinal bigint, namespace text NOT NULL,
                      name text NOT NULL, change bytea NOT NULL, reason text NOT NULL,
                      skipped_on timestamptz NOT NULL DEFAULT clock_timestamp(),
                      PRIMARY KEY (final_lsn, ordinal))\
                    """,
                    "CREATE TABLE godwit.fact (name text PRIMARY KEY, value text NOT NULL)");

    private final String databaseId;

    public Ledger(String databaseId) {
        this.databaseId = databaseId;
    }

    public String databaseId() {
        return databaseId;
    }

    /**
     * Makes the schema and its tables if they are missing. Safe to call again, and by two at once.
     *
     * @throws MigrationException LEDGER_FOREIGN if a schema of that name is not this migration's
     */
    public void create(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_advisory_xact_lock(" + CREATION_LOCK + ")");
            if (exists(connection)) {
                return;
            }
            statement.execute("CREATE SCHEMA godwit");
            for (String table : TABLES) {
                statement.execute(table);
            }
        }
        try (PreparedStatement statement =
                connection.prepareStatement("INSERT INTO godwit.meta (database) VALUES (?)")) {
            statement.setString(1, databaseId);
            statement.executeUpdate();
        }
    }

    /**
     * Whether the ledger of this migration is there.
     *
     * @throws MigrationException LEDGER_FOREIGN if a schema godwit is there and not this
     *     migration's
     */
    public boolean exists(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            try (ResultSet row =
                    statement.executeQuery(
                            "SELECT to_regclass('godwit.meta') IS NOT NULL, EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'godwit')")) {
                row.next();
                if (!row.getBoolean(1)) {
                    if (row.getBoolean(2)) {
                        throw foreign("something that is not a ledger of Godwit");
                    }
                    return false;
                }
            }
            try (ResultSet row = statement.executeQuery("SELECT database FROM godwit.meta")) {
                String owner = row.next() ? row.getString(1) : "nobody";
                if (!owner.equals(databaseId)) {
                    throw foreign("the ledger of migration " + owner);
                }
            }
        }
        return true;
    }

    /**
     * Removes the schema. Where changes were rejected it stays, so that nobody loses them. Gone is
     * success.
     *
     * @return whether no schema of this migration is left
     */
    public boolean drop(Connection connection) throws SQLException {
        if (!exists(connection)) {
            return true;
        }
        try (Statement statement = connection.createStatement()) {
            try (ResultSet row =
                    statement.executeQuery("SELECT EXISTS (SELECT FROM godwit.rejected)")) {
                row.next();
                if (row.getBoolean(1)) {
                    return false;
                }
            }
            statement.execute("DROP SCHEMA godwit CASCADE");
        }
        return true;
    }

    private static MigrationException foreign(String what) {
        return new MigrationException(
                ErrorCode.LEDGER_FOREIGN, "the target's schema godwit holds " + what);
    }
}
