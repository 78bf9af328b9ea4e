// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.load.GrantOrder;
import dev.godwit.apply.sync.ChangesWorker;
import dev.godwit.apply.target.Emptying;
import dev.godwit.apply.target.LargeObjectRemoval;
import dev.godwit.apply.target.Parking;
import dev.godwit.apply.target.TargetSession;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.TableLoad;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
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

    private final TargetSession session;
    private final Partitions partitions;
    private final Attempts attempts = new Attempts();
    private final Parking parking = new Parking();
    private final String databaseId;
    private final long epoch;
    private final CrashPoints crashPoints;

    /** Does something while nothing of the sync is applied. */
    @FunctionalInterface
    interface Level {
        void act(ChangesWorker.LevelAction action) throws SQLException, InterruptedException;
    }

    /**
     * Grants in one session.
     *
     * @param session the owner's of this epoch, in autocommit
     */
    Granting(TargetSession session, Ledger ledger, long epoch, CrashPoints crashPoints) {
        this.session = session;
        this.partitions = new Partitions(ledger);
        this.databaseId = ledger.databaseId();
        this.epoch = epoch;
        this.crashPoints = crashPoints;
    }

    /**
     * Grants what capture asks for beyond what is granted already; a table that another session
     * holds is left for the next time.
     *
     * @param targets what this migration loads; other asks are left alone
     * @param known all that is granted
     * @return whether anything was granted
     * @throws dev.godwit.postgres.MigrationException TARGET_TABLE_NOT_EMPTY for the first attempt
     *     on a table with rows
     */
    boolean grant(
            Collection<TableLoad> asks,
            Collection<TableName> targets,
            List<AttemptRow> known,
            Level level)
            throws SQLException, InterruptedException {
        Map<TableName, AttemptRow> granted =
                known.stream().collect(Collectors.toMap(AttemptRow::target, Function.identity()));
        var outcomes = EnumSet.noneOf(Outcome.class);
        var applied = new ArrayList<TableLoad>();
        for (TableLoad ask : asks) {
            TableName table = TableName.of(ask.getTarget());
            Optional<AttemptRow> before = Optional.ofNullable(granted.get(table));
            if (targets.contains(table)
                    && before.map(row ->
                                    GrantOrder.INSTANCE.compare(ask.getAttempt(), row.attempt())
                                            > 0)
                            .orElse(true)) {
                Outcome outcome = grant(table, ask.getAttempt(), before);
                outcomes.add(outcome);
                if (outcome == Outcome.LOADED) {
                    applied.add(ask);
                }
            }
        }
        if (!applied.isEmpty()) {
            // Changes of these tables are being applied: the lanes stand level while they are
            // emptied, once for all, so that no transaction of the source is met between two.
            level.act(() -> {
                for (TableLoad ask : applied) {
                    outcomes.add(grant(TableName.of(ask.getTarget()), ask.getAttempt(), true));
                }
            });
        }
        return outcomes.contains(Outcome.GRANTED);
    }

    private Outcome grant(TableName table, Attempt attempt, Optional<AttemptRow> before)
            throws SQLException, InterruptedException {
        if (table.equals(LargeObjects.NAME)) {
            return before.isEmpty() || unlink(before.get())
                    ? grant(table, attempt, true)
                    : Outcome.HELD;
        }
        return isLoaded(before) ? Outcome.LOADED : grant(table, attempt, false);
    }

    private static boolean isLoaded(Optional<AttemptRow> attempt) {
        return attempt.filter(row -> row.state() == AttemptRow.State.LOADED).isPresent();
    }

    private enum Outcome {
        GRANTED,
        /** Another session holds the table. */
        HELD,
        /** It is loaded by now, so the lanes may hold changes of it: only while they are level. */
        LOADED
    }

    private Outcome grant(TableName table, Attempt attempt, boolean level) throws SQLException {
        Connection connection = session.connection();
        connection.setAutoCommit(false);
        try {
            lockTimeout(connection);
            partitions.check(connection, Ledger.CHANGES, epoch);
            // No table becomes loaded behind this: that transaction checks the epoch, too.
            Optional<AttemptRow> before = attempts.find(connection, table);
            if (!level && isLoaded(before)) {
                connection.rollback();
                return Outcome.LOADED;
            }
            attempts.grant(connection, table, attempt);
            makeReady(connection, table, before.isEmpty());
            crashPoints.reach(CrashPoint.BEFORE_GRANT_COMMIT);
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            if (SqlStates.state(e).equals(LOCK_NOT_AVAILABLE)) {
                endLoads(connection, table);
                return Outcome.HELD;
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
        return Outcome.GRANTED;
    }

    private void makeReady(Connection connection, TableName table, boolean first)
            throws SQLException {
        if (table.equals(LargeObjects.NAME)) {
            LargeObjectRemoval.requireNone(connection);
            return;
        }
        parking.parkForLoad(connection, table, session.silent());
        if (first) {
            Emptying.requireEmpty(connection, table);
        } else {
            Emptying.empty(connection, table);
        }
    }

    /**
     * Removes the large objects of a former attempt, some in each transaction, since each costs the
     * server a lock. The attempt takes no more pieces from the first one on; after a crash the rest
     * is removed when the new attempt is asked for again.
     *
     * @return false if another session still loads some
     */
    private boolean unlink(AttemptRow former) throws SQLException {
        Connection connection = session.connection();
        connection.setAutoCommit(false);
        try {
            lockTimeout(connection);
            partitions.check(connection, Ledger.CHANGES, epoch);
            attempts.broken(connection, former.target(), former.attempt());
            connection.commit();
            boolean more = true;
            while (more) {
                partitions.check(connection, Ledger.CHANGES, epoch);
                more = LargeObjectRemoval.some(connection);
                connection.commit();
            }
            return true;
        } catch (SQLException e) {
            connection.rollback();
            if (SqlStates.state(e).equals(LOCK_NOT_AVAILABLE)) {
                endLoads(connection, former.target());
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
    }

    /**
     * Parks again what was restored at the gate, all tables in one transaction, and forgets that
     * the target was finalised.
     */
    void parkAgain(Iterable<TableName> tables, FinaliseFacts facts) throws SQLException {
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
                           AND a.application_name LIKE 'godwit ' || ?::text || ' load-%'\
                        """)) {
            end.setString(1, table.quoted());
            end.setString(2, databaseId);
            end.execute();
            connection.commit();
        }
    }
}
