// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.target.Emptying;
import dev.godwit.apply.target.Parking;
import dev.godwit.apply.target.TargetSession;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Grants attempts. One transaction waits out or ends what loads an older attempt, records the new
 * one, parks what stands in its way, and empties the table; it is durable before anybody hears of
 * it.
 */
final class Granting {
    private static final Logger LOG = LoggerFactory.getLogger(Granting.class);
    private static final String LOCK_NOT_AVAILABLE = "55P03";

    private final Partitions partitions;
    private final Attempts attempts = new Attempts();
    private final Parking parking = new Parking();
    private final String databaseId;
    private final long epoch;
    private final CrashPoints crashPoints;

    Granting(Ledger ledger, long epoch, CrashPoints crashPoints) {
        this.partitions = new Partitions(ledger);
        this.databaseId = ledger.databaseId();
        this.epoch = epoch;
        this.crashPoints = crashPoints;
    }

    /**
     * Grants one attempt.
     *
     * @return false if another session holds the table: try again later
     * @throws dev.godwit.postgres.MigrationException TARGET_TABLE_NOT_EMPTY for the first attempt
     *     on a table with rows
     */
    boolean grant(TargetSession session, TableName table, Attempt attempt) throws SQLException {
        Connection connection = session.connection();
        connection.setAutoCommit(false);
        try {
            lockTimeout(connection);
            partitions.check(connection, Ledger.CHANGES, epoch);
            Optional<AttemptRow> before = attempts.find(connection, table);
            attempts.grant(connection, table, attempt);
            parking.parkForLoad(connection, table, session.silent());
            if (before.isEmpty()) {
                Emptying.requireEmpty(connection, table);
            } else {
                Emptying.empty(connection, table);
            }
            crashPoints.reach(CrashPoint.BEFORE_GRANT_COMMIT);
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            if (SqlStates.state(e).equals(LOCK_NOT_AVAILABLE)) {
                endLoads(connection, table);
                return false;
            }
            throw e;
        } catch (RuntimeException e) {
            connection.rollback();
            throw e;
        } finally {
            if (!connection.isClosed()) {
                connection.setAutoCommit(true);
            }
        }
        crashPoints.reach(CrashPoint.AFTER_GRANT_COMMIT);
        LOG.atInfo()
                .addKeyValue("table", table)
                .addKeyValue("attempt", attempt.getNumber())
                .log("attempt granted");
        return true;
    }

    /**
     * Parks again what was restored at the gate, all tables in one transaction, and forgets that
     * the target was finalised.
     */
    void parkAgain(TargetSession session, Iterable<TableName> tables, FinaliseFacts facts)
            throws SQLException {
        Connection connection = session.connection();
        connection.setAutoCommit(false);
        try {
            lockTimeout(connection);
            partitions.check(connection, Ledger.CHANGES, epoch);
            for (TableName table : tables) {
                parking.parkForSync(connection, table, session.silent());
            }
            facts.forget(connection);
            connection.commit();
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        } finally {
            if (!connection.isClosed()) {
                connection.setAutoCommit(true);
            }
        }
    }

    private static void lockTimeout(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL lock_timeout = '2s'");
        }
    }

    /**
     * The rows that an older attempt is still copying are rolled back with its session, which then
     * finds the new grant.
     */
    private void endLoads(Connection connection, TableName table) throws SQLException {
        try (PreparedStatement end =
                connection.prepareStatement(
                        """
                        SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
                          JOIN pg_catalog.pg_locks l ON l.pid = a.pid
                         WHERE a.datname = pg_catalog.current_database() AND l.relation = ?::pg_catalog.regclass
                           AND pg_catalog.starts_with(a.application_name, 'godwit ' || ?::text || ' load-')\
                        """)) {
            end.setString(1, table.quoted());
            end.setString(2, databaseId);
            end.execute();
            connection.commit();
        }
    }
}
