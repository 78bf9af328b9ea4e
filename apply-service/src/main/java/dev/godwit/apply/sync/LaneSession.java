// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.Lanes;
import dev.godwit.apply.ledger.Lanes.Step;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * One ordered writer's session: each batch is one transaction with its step in the ledger. A batch
 * that the target refuses is tried again in log order with constraints deferred, so that the change
 * at fault can be named.
 */
final class LaneSession implements AutoCloseable {
    /**
     * Rows are found by their key's index: a hash or merge join would read the whole table, and a
     * plan made while a table was small must not scan it later.
     */
    private static final String SETTINGS =
            "SET synchronous_commit = off; SET enable_seqscan = off; SET enable_hashjoin = off;"
                    + " SET enable_mergejoin = off; SET temp_buffers = '32MB';"
                    + " SELECT pg_catalog.set_config(name, 'off', false) FROM pg_catalog.pg_settings WHERE name = 'jit'";

    private static final String NO_VALUE_OF_THE_TYPE = "22P02";

    private final int lane;
    private final Lanes ledger;
    private final Connection connection;
    private final CrashPoints crashPoints;
    private final RowWriter writer;
    private final BatchWriter batches;

    private LaneSession(int lane, Lanes ledger, Connection connection, CrashPoints crashPoints) {
        this.crashPoints = crashPoints;
        this.lane = lane;
        this.ledger = ledger;
        this.connection = connection;
        this.writer = new RowWriter(connection);
        this.batches = new BatchWriter(writer);
    }

    static LaneSession open(
            int lane, Lanes ledger, SessionOpener sessions, String name, CrashPoints crashPoints)
            throws SQLException {
        Connection connection = sessions.open(name);
        try (Statement statement = connection.createStatement()) {
            statement.execute(SETTINGS);
            connection.setAutoCommit(false);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        return new LaneSession(lane, ledger, connection, crashPoints);
    }

    /**
     * Applies one batch and commits it with its step.
     *
     * @throws DeferredCheckException if only the commit was refused
     */
    void apply(List<RowChange> changes, Step step, Tallies tallies) throws SQLException {
        transact(changes, () -> ledger.step(connection, lane, step, tallies.toList()));
    }

    /** Applies a change while all lanes stand level, and moves all of them. */
    void applyLevel(RowChange change, Step step, Tallies tallies, int lanes) throws SQLException {
        try {
            transact(
                    List.of(change),
                    () -> ledger.stepAll(connection, lanes, step, tallies.toList()));
        } catch (DeferredCheckException e) {
            throw e.refusal();
        }
    }

    /** Something else to do in a transaction of this session. */
    @FunctionalInterface
    interface Action {
        void run(Connection connection) throws SQLException;
    }

    /** Does something while all lanes stand level, moves all of them, and makes it durable. */
    void level(Step step, Tallies tallies, int lanes, Action action) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            ledger.stepAll(connection, lanes, step, tallies.toList());
            statement.execute("SET LOCAL synchronous_commit = on");
            action.run(connection);
            commit();
        } catch (SQLException | RuntimeException e) {
            rollBack();
            throw e;
        }
    }

    /** Reads, or writes what moves no lane. */
    <T> T alone(Query<T> query) throws SQLException {
        try {
            ledger.check(connection);
            T answer = query.run(connection);
            commit();
            return answer;
        } catch (SQLException | RuntimeException e) {
            rollBack();
            throw e;
        }
    }

    /** Takes the lanes, waiting a little for what an older owner's session still holds. */
    List<Lanes.Lane> claim(Query<List<Lanes.Lane>> query) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL lock_timeout = '5s'");
            statement.execute("SET LOCAL synchronous_commit = on");
            List<Lanes.Lane> lanes = query.run(connection);
            commit();
            return lanes;
        } catch (SQLException | RuntimeException e) {
            rollBack();
            throw e;
        }
    }

    /** What {@link #alone} runs. */
    @FunctionalInterface
    interface Query<T> {
        T run(Connection connection) throws SQLException;
    }

    /** The ledger's part of a transaction, always the first. */
    @FunctionalInterface
    private interface Head {
        void run() throws SQLException;
    }

    private void transact(List<RowChange> changes, Head head) throws SQLException {
        try {
            head.run();
            if (!changes.isEmpty()) {
                batches.write(changes);
            }
            crashPoints.reach(CrashPoint.BEFORE_CHANGES_COMMIT);
            commit();
            crashPoints.reach(CrashPoint.AFTER_CHANGES_COMMIT);
        } catch (SQLException e) {
            if (SqlStates.passing(e) || SqlStates.state(e).isEmpty()) {
                throw e;
            }
            rollBack();
            inOrder(changes, head);
        } catch (RowsUnmatchedException e) {
            rollBack();
            inOrder(changes, head);
        } catch (RuntimeException e) {
            rollBack();
            throw e;
        }
    }

    private void commit() throws SQLException {
        connection.commit();
        writer.committed();
    }

    private void rollBack() throws SQLException {
        connection.rollback();
        writer.rolledBack();
    }

    private void inOrder(List<RowChange> changes, Head head) throws SQLException {
        try {
            head.run();
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET CONSTRAINTS ALL DEFERRED");
            }
            for (RowChange change : changes) {
                one(change);
            }
            commitDeferred(changes);
        } catch (SQLException | RuntimeException e) {
            rollBack();
            throw e;
        }
    }

    private void one(RowChange change) throws SQLException {
        NetChange net = NetChange.of(change);
        try {
            writer.write(net.work(), List.of(net));
        } catch (SQLException e) {
            if (SqlStates.passing(e) || SqlStates.state(e).isEmpty()) {
                throw e;
            }
            throw refused(e, name(change), remedy(e, change.table()));
        } catch (RowsUnmatchedException e) {
            throw new MigrationException(
                    ErrorCode.ROW_MISSING, "the target has no row for " + name(change), e);
        }
    }

    private void commitDeferred(List<RowChange> changes) throws SQLException {
        try {
            commit();
        } catch (SQLException e) {
            if (changes.isEmpty() || SqlStates.passing(e) || SqlStates.state(e).isEmpty()) {
                throw e;
            }
            throw new DeferredCheckException(
                    refused(
                            e,
                            "the changes of %s up to %s"
                                    .formatted(
                                            changes.getLast().table().name(),
                                            changes.getLast().position())));
        }
    }

    /** An unknown label of an enum, an attribute too many: the source's type has got more. */
    private static String remedy(SQLException e, TargetTable table) {
        String types = table.ofOwnTypes();
        return SqlStates.state(e).equals(NO_VALUE_OF_THE_TYPE) && !types.isEmpty()
                ? "If a type has changed on the source, make the same change on the target (ALTER TYPE ... ADD VALUE, ADD ATTRIBUTE, ...), then retry: columns of such types are %s. Nothing was skipped."
                        .formatted(types)
                : ErrorCode.CHANGE_REFUSED.remedy();
    }

    static MigrationException refused(SQLException e, String what) {
        return refused(e, what, ErrorCode.CHANGE_REFUSED.remedy());
    }

    /** Without the server's own words: they hold values of the row. */
    private static MigrationException refused(SQLException e, String what, String remedy) {
        String constraint = "";
        if (e instanceof PSQLException server) {
            ServerErrorMessage message = server.getServerErrorMessage();
            if (message != null && message.getConstraint() != null) {
                constraint = ", constraint " + message.getConstraint();
            } else if (message != null && message.getColumn() != null) {
                constraint = ", column " + message.getColumn();
            }
        }
        return new MigrationException(
                ErrorCode.CHANGE_REFUSED,
                "the target refused %s: SQLSTATE %s%s"
                        .formatted(what, SqlStates.state(e), constraint),
                remedy,
                null);
    }

    private static String name(RowChange change) {
        TargetTable table = change.table();
        return "the %s of %s (found by %s) at %s"
                .formatted(
                        change.operation(),
                        table.name(),
                        change.shape().match().columns().stream()
                                .map(column -> table.columns().get(column).name())
                                .collect(Collectors.joining(", ")),
                        change.position());
    }

    /** Cuts the connection, also under a running statement. */
    void abort() {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException gone) {
            // It is closed already.
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException gone) {
            // The server has ended it already.
        }
    }
}
