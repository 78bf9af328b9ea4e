// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.apply.ledger.ParkedObjects;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings parked objects back. Each object and the end of its record are one transaction, so a crash
 * leaves either the parked record or the object, and restoring again does what is left.
 */
public final class Restoring {
    private static final Logger LOG = LoggerFactory.getLogger(Restoring.class);
    private static final String FOREIGN_KEY_VIOLATION = "23503";
    private static final String NO_SUCH_COLUMN = "42703";
    private static final String NO_SUCH_TABLE = "42P01";
    private static final String NO_SUCH_SCHEMA = "3F000";

    /** Opens one more session for building indexes side by side. */
    @FunctionalInterface
    public interface Sessions {
        TargetSession open() throws SQLException;
    }

    /** Looks, at the end of each transaction, whether we still own the migration; throws if not. */
    @FunctionalInterface
    public interface Fence {
        void check(Connection connection) throws SQLException;
    }

    private final ParkedObjects ledger = new ParkedObjects();
    private final Fence fence;

    public Restoring(Fence fence) {
        this.fence = fence;
    }

    /**
     * Builds a table's parked indexes: those with a constraint one after the other (they lock the
     * table for an instant), the others side by side.
     *
     * @param pool runs the side-by-side builds; its size is how many sessions the target gets
     * @throws MigrationException RESTORE_FAILED naming the index
     */
    public void restoreIndexes(TableName table, Sessions sessions, ExecutorService pool)
            throws SQLException, InterruptedException {
        List<ParkedObjects.Parked> left;
        try (TargetSession session = sessions.open()) {
            List<ParkedObjects.Parked> ofTable =
                    ledger.all(session.connection()).stream()
                            .filter(row -> row.table().equals(table))
                            .toList();
            for (ParkedObjects.Parked key : only(ofTable, ParkedObject.Kind.KEY)) {
                restore(session.connection(), key);
            }
            left = only(ofTable, ParkedObject.Kind.INDEX);
            if (left.size() == 1) {
                restore(session.connection(), left.getFirst());
                return;
            }
        }
        await(left.stream().map(index -> pool.submit(building(index, sessions))).toList());
    }

    /**
     * Restores everything that is still parked, in the order that objects need each other.
     *
     * @param connection in autocommit
     * @return what the operator must know, one sentence for each object whose table or column is
     *     gone from the target; they are logged, too
     * @throws MigrationException RESTORE_FAILED naming the first object that the target refuses
     */
    public List<String> restoreAll(Connection connection) throws SQLException {
        var notes = new ArrayList<String>();
        for (ParkedObjects.Parked row : inOrder(connection)) {
            try {
                restore(connection, row);
            } catch (MigrationException e) {
                notes.add(forgotten(connection, row, e));
            }
        }
        return notes;
    }

    /**
     * As {@link #restoreAll}, for a migration that is given up: a foreign key whose rows are not
     * all there comes back NOT VALID.
     *
     * @return as {@link #restoreAll}, and one sentence for each such key
     */
    public List<String> restoreAllGivenUp(Connection connection) throws SQLException {
        var notes = new ArrayList<String>();
        for (ParkedObjects.Parked row : inOrder(connection)) {
            try {
                restore(connection, row);
            } catch (MigrationException e) {
                notes.add(
                        has(e, FOREIGN_KEY_VIOLATION)
                                ? notValidated(connection, row)
                                : forgotten(connection, row, e));
            }
        }
        return notes;
    }

    private String notValidated(Connection connection, ParkedObjects.Parked row)
            throws SQLException {
        ParkedObject key = ParkedObject.of(row);
        restore(connection, row, key.notValidated());
        return "The %s is NOT VALID, since its rows are incomplete: empty the tables, then ALTER TABLE %s VALIDATE CONSTRAINT %s."
                .formatted(key.described(), key.table().quoted(), Identifiers.quote(key.name()));
    }

    /**
     * What an operator has dropped with its table or taken from it by a detach; and what was of a
     * column, or referred to a table, that is dropped or has another name.
     */
    private String forgotten(
            Connection connection, ParkedObjects.Parked row, MigrationException refusal)
            throws SQLException {
        ParkedObject object = ParkedObject.of(row);
        boolean refersToNothing =
                object.kind() == ParkedObject.Kind.FOREIGN_KEY
                        && (has(refusal, NO_SUCH_TABLE) || has(refusal, NO_SUCH_SCHEMA));
        if (!has(refusal, NO_SUCH_COLUMN) && !refersToNothing && object.hasPlace(connection)) {
            throw refusal;
        }
        // The note is gone with this process if something else stops what follows.
        LOG.atWarn()
                .addKeyValue("object", object.described())
                .addKeyValue("definition", object.definition())
                .log("not brought back: {}", refusal.what());
        restore(connection, row, object.forgotten());
        return "The %s was not brought back, since the target does not have any more what it stands on; this would have: %s"
                .formatted(object.described(), object.definition());
    }

    private static boolean has(MigrationException refusal, String state) {
        return refusal.getCause() instanceof SQLException refused
                && SqlStates.state(refused).equals(state);
    }

    private List<ParkedObjects.Parked> inOrder(Connection connection) throws SQLException {
        List<ParkedObjects.Parked> all = ledger.all(connection);
        var ordered = new ArrayList<ParkedObjects.Parked>();
        for (ParkedObject.Kind kind : ParkedObject.Kind.values()) {
            List<ParkedObjects.Parked> ofKind = only(all, kind);
            // A parent's check was parked before the one its child had of its own, which must stand
            // before the parent's merges.
            ordered.addAll(kind == ParkedObject.Kind.CHECK ? ofKind.reversed() : ofKind);
        }
        return ordered;
    }

    private Callable<Boolean> building(ParkedObjects.Parked index, Sessions sessions) {
        return () -> {
            try (TargetSession session = sessions.open()) {
                restore(session.connection(), index);
            }
            return true;
        };
    }

    private void restore(Connection connection, ParkedObjects.Parked row) throws SQLException {
        restore(connection, row, ParkedObject.of(row));
    }

    private void restore(Connection connection, ParkedObjects.Parked row, ParkedObject object)
            throws SQLException {
        connection.setAutoCommit(false);
        try {
            if (ledger.remove(connection, row)) {
                for (String statement : object.restore()) {
                    Ddl.run(connection, statement);
                }
            }
            // Not before the statements: the lock would stop the sync while an index is built.
            fence.check(connection);
            connection.commit();
        } catch (SQLException e) {
            rollBack(connection, e);
            if (SqlStates.passing(e)) {
                throw e;
            }
            throw failed(object, e);
        } catch (RuntimeException e) {
            rollBack(connection, e);
            throw e;
        } finally {
            if (!connection.isClosed()) {
                connection.setAutoCommit(true);
            }
        }
    }

    private static MigrationException failed(ParkedObject object, SQLException e) {
        return new MigrationException(
                ErrorCode.RESTORE_FAILED,
                "the target refuses to bring back the %s (SQLSTATE %s): %s"
                        .formatted(object.described(), SqlStates.state(e), ServerWords.of(e)),
                "Mend what the target names, so that this runs, then retry: " + object.definition(),
                e);
    }

    private static void rollBack(Connection connection, Exception because) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            because.addSuppressed(e);
        }
    }

    private static List<ParkedObjects.Parked> only(
            List<ParkedObjects.Parked> rows, ParkedObject.Kind kind) {
        return rows.stream().filter(row -> row.kind().equals(kind.name())).toList();
    }

    private static void await(List<? extends Future<?>> builds)
            throws SQLException, InterruptedException {
        ExecutionException first = null;
        for (Future<?> build : builds) {
            try {
                build.get();
            } catch (ExecutionException e) {
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            switch (first.getCause()) {
                case SQLException e -> throw e;
                case RuntimeException e -> throw e;
                case null, default ->
                        throw new IllegalStateException("an index build ended", first);
            }
        }
    }
}
