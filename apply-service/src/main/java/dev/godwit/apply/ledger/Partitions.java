// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.ledger;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.schemas.Failure;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Who owns each partition, by epochs that only rise, and how far it has come. A role is {@code
 * changes} or {@code load-N}; sessions of a role are named {@code godwit ID ROLE[-more] EPOCH}.
 */
public final class Partitions {
    private static final int TRIES = 30;

    private final String databaseId;

    public Partitions(Ledger ledger) {
        this.databaseId = ledger.databaseId();
    }

    /**
     * A fresh owner's epoch, and the offset that the ledger holds for this role.
     *
     * @param offset the first record not done, empty if none ever was
     */
    public record Taken(long epoch, OptionalLong offset) {}

    /** The name for a session of this role; role may carry a suffix of its own after a dash. */
    public String sessionName(String role, long epoch) {
        return "godwit " + databaseId + " " + role + " " + epoch;
    }

    /**
     * Ends the backends of older epochs, then mints the next epoch. Runs in transactions of its
     * own, on a connection in autocommit, and leaves it so.
     *
     * @throws MigrationException TARGET_FAILED (automatic) if an older owner's lock does not yield
     */
    public Taken take(Connection connection, String role) throws SQLException {
        try (PreparedStatement insert =
                connection.prepareStatement(
                        "INSERT INTO godwit.partition (role, epoch) VALUES (?, 0) ON CONFLICT DO NOTHING")) {
            insert.setString(1, role);
            insert.executeUpdate();
        }
        for (int tries = 1; ; tries++) {
            endOlder(connection, role);
            try {
                return mint(connection, role);
            } catch (SQLException e) {
                if (!SqlStates.state(e).equals("55P03")) {
                    throw e;
                }
                if (tries == TRIES) {
                    throw new MigrationException(
                            ErrorCode.TARGET_FAILED,
                            "an older owner of %s still holds its lock".formatted(role),
                            e);
                }
            }
        }
    }

    private Taken mint(Connection connection, String role) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement();
                PreparedStatement update =
                        connection.prepareStatement(
                                "UPDATE godwit.partition SET epoch = epoch + 1 WHERE role = ? RETURNING epoch, log_offset")) {
            statement.execute("SET LOCAL lock_timeout = '1s'");
            statement.execute("SET LOCAL synchronous_commit = on");
            update.setString(1, role);
            Taken taken;
            try (ResultSet row = update.executeQuery()) {
                row.next();
                long offset = row.getLong(2);
                taken =
                        new Taken(
                                row.getLong(1),
                                row.wasNull() ? OptionalLong.empty() : OptionalLong.of(offset));
            }
            connection.commit();
            return taken;
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    /**
     * Ends every session of this role whose epoch is not above the ledger's: its owner is a zombie.
     */
    private void endOlder(Connection connection, String role) throws SQLException {
        try (PreparedStatement end =
                connection.prepareStatement(
                        """
                        SELECT pg_terminate_backend(a.pid)
                        FROM (SELECT pid, string_to_array(application_name, ' ') AS part
                              FROM pg_catalog.pg_stat_activity
                              WHERE datname = current_database() AND pid <> pg_backend_pid()
                                AND application_name LIKE 'godwit %') AS a
                        WHERE cardinality(part) = 4 AND part[2] = ?::text
                          AND (part[3] = ?::text OR strpos(part[3], ?::text || '-') = 1)
                          AND CASE WHEN part[4] ~ '^[0-9]{1,18}$' THEN part[4]::bigint
                                <= (SELECT epoch FROM godwit.partition WHERE role = ?::text) END\
                        """)) {
            end.setString(1, databaseId);
            end.setString(2, role);
            end.setString(3, role);
            end.setString(4, role);
            end.execute();
        }
    }

    /**
     * Locks the role's own row until the transaction ends: every transaction of an owner begins so.
     *
     * @throws FencedException if the ledger holds another epoch
     */
    public void check(Connection connection, String role, long epoch) throws SQLException {
        try (PreparedStatement lock =
                connection.prepareStatement(
                        "SELECT epoch FROM godwit.partition WHERE role = ? FOR NO KEY UPDATE")) {
            lock.setString(1, role);
            try (ResultSet row = lock.executeQuery()) {
                if (!row.next() || row.getLong(1) != epoch) {
                    throw new FencedException(role, epoch);
                }
            }
        }
    }

    /** The first record of the role's partition that is not done. After {@link #check}. */
    public void saveOffset(Connection connection, String role, long offset) throws SQLException {
        try (PreparedStatement update =
                connection.prepareStatement(
                        "UPDATE godwit.partition SET log_offset = ? WHERE role = ?")) {
            update.setLong(1, offset);
            update.setString(2, role);
            update.executeUpdate();
        }
    }

    /** What stopped the role's owner; the owner of {@code changes} reports for all. */
    public void saveFailure(Connection connection, String role, Failure failure)
            throws SQLException {
        try (PreparedStatement update =
                connection.prepareStatement(
                        "UPDATE godwit.partition SET code = ?, what = ?, remedy = ? WHERE role = ?")) {
            update.setString(1, failure.getCode());
            update.setString(2, failure.getWhat());
            update.setString(3, failure.getRemedy());
            update.setString(4, role);
            update.executeUpdate();
        }
    }

    public void clearFailure(Connection connection, String role) throws SQLException {
        try (PreparedStatement update =
                connection.prepareStatement(
                        "UPDATE godwit.partition SET code = NULL, what = NULL, remedy = NULL WHERE role = ? AND code IS NOT NULL")) {
            update.setString(1, role);
            update.executeUpdate();
        }
    }

    /** Failures by role. */
    public Map<String, Failure> failures(Connection connection) throws SQLException {
        var failures = new LinkedHashMap<String, Failure>();
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT role, code, what, remedy FROM godwit.partition WHERE code IS NOT NULL ORDER BY role")) {
            while (row.next()) {
                failures.put(
                        row.getString(1),
                        new Failure(row.getString(2), row.getString(3), row.getString(4)));
            }
        }
        return failures;
    }
}
