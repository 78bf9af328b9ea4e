// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.ledger;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.PieceId;
import dev.godwit.schemas.TableEnd;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The loads of target tables and their pieces. A piece's transaction takes the attempt's row FOR
 * SHARE, a grant takes it FOR UPDATE; so no piece of an older attempt commits after a grant.
 */
public final class Attempts {
    private static final String ROWS =
            """
            SELECT a.namespace, a.name, a.number, a.owner_epoch, a.state, a.pieces, a.rows,
              a.snapshot_lsn, a.loaded_on,
              (SELECT coalesce(sum(p.rows), 0)::bigint FROM godwit.piece AS p
                WHERE p.namespace = a.namespace AND p.name = a.name),
              (SELECT coalesce(sum(p.bytes), 0)::bigint FROM godwit.piece AS p
                WHERE p.namespace = a.namespace AND p.name = a.name)
            FROM godwit.attempt AS a\
            """;
    private static final String ONE = " WHERE a.namespace = ? AND a.name = ?";

    /**
     * Grants an attempt: locks the table's row FOR UPDATE (waiting for its open pieces), forgets
     * the pieces of the former one, and records the new. The caller empties the table in the same
     * transaction.
     */
    public void grant(Connection connection, TableName target, Attempt attempt)
            throws SQLException {
        try (PreparedStatement upsert =
                connection.prepareStatement(
                        """
                        INSERT INTO godwit.attempt (namespace, name, number, owner_epoch, state)
                        VALUES (?, ?, ?, ?, 'GRANTED')
                        ON CONFLICT (namespace, name) DO UPDATE SET number = EXCLUDED.number,
                          owner_epoch = EXCLUDED.owner_epoch, state = 'GRANTED', pieces = NULL,
                          rows = NULL, snapshot_lsn = NULL, granted_on = clock_timestamp(),
                          loaded_on = NULL\
                        """)) {
            int next = bind(upsert, target, 1);
            upsert.setInt(next, attempt.getNumber());
            upsert.setLong(next + 1, attempt.getOwnerEpoch());
            upsert.executeUpdate();
        }
        try (PreparedStatement delete =
                connection.prepareStatement(
                        "DELETE FROM godwit.piece WHERE namespace = ? AND name = ?")) {
            bind(delete, target, 1);
            delete.executeUpdate();
        }
    }

    /**
     * The table's attempt, locked FOR SHARE until the transaction ends; empty if none was granted.
     */
    public Optional<AttemptRow> lockShare(Connection connection, TableName target)
            throws SQLException {
        return one(connection, target, ONE + " FOR SHARE OF a");
    }

    /** The table's attempt, unlocked. */
    public Optional<AttemptRow> find(Connection connection, TableName target) throws SQLException {
        return one(connection, target, ONE);
    }

    public List<AttemptRow> all(Connection connection) throws SQLException {
        var rows = new ArrayList<AttemptRow>();
        try (PreparedStatement select =
                        connection.prepareStatement(ROWS + " ORDER BY a.namespace, a.name");
                ResultSet row = select.executeQuery()) {
            while (row.next()) {
                rows.add(read(row));
            }
        }
        return rows;
    }

    /**
     * Records the table's end.
     *
     * @return false if the end is not of the granted attempt, or that is broken: nothing is changed
     */
    public boolean ended(Connection connection, TableEnd end) throws SQLException {
        try (PreparedStatement update =
                connection.prepareStatement(
                        """
                        UPDATE godwit.attempt SET pieces = ?, rows = ?, snapshot_lsn = ?,
                          state = CASE state WHEN 'GRANTED' THEN 'ENDED' ELSE state END
                        WHERE namespace = ? AND name = ? AND number = ? AND owner_epoch = ?
                          AND state <> 'BROKEN'\
                        """)) {
            Array pieces = connection.createArrayOf("int4", end.getPieces().toArray());
            update.setArray(1, pieces);
            update.setLong(2, end.getRows());
            update.setLong(3, end.getSnapshotLsn());
            bind(update, TableName.of(end.getTarget()), end.getAttempt(), 4);
            return update.executeUpdate() == 1;
        }
    }

    /** The attempt takes no more pieces. */
    public void broken(Connection connection, TableName target, Attempt attempt)
            throws SQLException {
        move(connection, target, attempt, "BROKEN", "");
    }

    /**
     * The attempt is whole and its indexes stand.
     *
     * @return false if it is no longer the granted one, or not at its end
     */
    public boolean loaded(Connection connection, TableName target, Attempt attempt)
            throws SQLException {
        return move(
                connection,
                target,
                attempt,
                "LOADED",
                ", loaded_on = coalesce(loaded_on, clock_timestamp())");
    }

    private boolean move(
            Connection connection, TableName target, Attempt attempt, String state, String more)
            throws SQLException {
        String from =
                state.equals("LOADED") ? "('ENDED', 'LOADED')" : "('GRANTED', 'ENDED', 'BROKEN')";
        try (PreparedStatement update =
                connection.prepareStatement(
                        "UPDATE godwit.attempt SET state = '"
                                + state
                                + "'"
                                + more
                                + " WHERE namespace = ? AND name = ? AND number = ? AND owner_epoch = ? AND state IN "
                                + from)) {
            bind(update, target, attempt, 1);
            return update.executeUpdate() == 1;
        }
    }

    /** Whether this very piece is in. */
    public boolean hasPiece(Connection connection, PieceId id) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement(
                        """
                        SELECT FROM godwit.piece WHERE namespace = ? AND name = ? AND number = ?
                          AND owner_epoch = ? AND chunk = ? AND piece = ?\
                        """)) {
            int next = bind(select, TableName.of(id.getTarget()), id.getAttempt(), 1);
            select.setInt(next, id.getChunk());
            select.setInt(next + 1, id.getPiece());
            try (ResultSet row = select.executeQuery()) {
                return row.next();
            }
        }
    }

    /** The ledger row that commits with the piece's rows. */
    public void addPiece(Connection connection, PieceId id, long rows, long bytes)
            throws SQLException {
        try (PreparedStatement insert =
                connection.prepareStatement(
                        """
                        INSERT INTO godwit.piece
                          (namespace, name, number, owner_epoch, chunk, piece, rows, bytes)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)\
                        """)) {
            int next = bind(insert, TableName.of(id.getTarget()), id.getAttempt(), 1);
            insert.setInt(next, id.getChunk());
            insert.setInt(next + 1, id.getPiece());
            insert.setLong(next + 2, rows);
            insert.setLong(next + 3, bytes);
            insert.executeUpdate();
        }
    }

    /** Whether the table's end is here, and each chunk has all its pieces. */
    public boolean whole(Connection connection, TableName target) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement(
                        """
                        SELECT NOT EXISTS (
                          SELECT FROM unnest(a.pieces) WITH ORDINALITY AS c (expected, number)
                          WHERE c.expected <> (SELECT count(*) FROM godwit.piece AS p
                            WHERE p.namespace = a.namespace AND p.name = a.name
                              AND p.chunk = c.number - 1 AND p.piece < c.expected))
                        FROM godwit.attempt AS a
                        WHERE a.namespace = ? AND a.name = ? AND a.state IN ('ENDED', 'LOADED')\
                        """)) {
            bind(select, target, 1);
            try (ResultSet row = select.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    private static Optional<AttemptRow> one(Connection connection, TableName target, String rest)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(ROWS + rest)) {
            bind(select, target, 1);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.of(read(row)) : Optional.empty();
            }
        }
    }

    private static AttemptRow read(ResultSet row) throws SQLException {
        Array pieces = row.getArray(6);
        Timestamp loadedOn = row.getTimestamp(9);
        return new AttemptRow(
                new TableName(row.getString(1), row.getString(2)),
                new Attempt(row.getInt(3), row.getLong(4)),
                AttemptRow.State.valueOf(row.getString(5)),
                pieces == null ? List.of() : List.of((Integer[]) pieces.getArray()),
                row.getLong(10),
                row.getLong(11),
                optional(row, 7),
                optional(row, 8),
                Optional.ofNullable(loadedOn).map(Timestamp::toInstant));
    }

    private static OptionalLong optional(ResultSet row, int column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }

    private static int bind(PreparedStatement statement, TableName target, int from)
            throws SQLException {
        statement.setString(from, target.schema());
        statement.setString(from + 1, target.name());
        return from + 2;
    }

    private static int bind(
            PreparedStatement statement, TableName target, Attempt attempt, int from)
            throws SQLException {
        int next = bind(statement, target, from);
        statement.setInt(next, attempt.getNumber());
        statement.setLong(next + 1, attempt.getOwnerEpoch());
        return next + 2;
    }
}
