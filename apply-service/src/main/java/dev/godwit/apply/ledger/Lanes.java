// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.ledger;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Counters;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Positions and counters of the changes partition's lanes. Each lane locks, checks and moves its
 * own row by the first statement of its transaction, so the owner's row is never contended; the row
 * of lane {@link #OWNER} is the reader's own.
 */
public final class Lanes {
    /** The reader's row: what it applies itself, while all lanes stand level, is counted here. */
    public static final int OWNER = -1;

    private static final String MOVE =
            """
            UPDATE godwit.lane SET final_lsn = ?, ordinal = ?, log_offset = ?,
              commit_micros = greatest(commit_micros, ?) WHERE lane = ? AND epoch = ?\
            """;

    private final long epoch;

    public Lanes(long epoch) {
        this.epoch = epoch;
    }

    /**
     * Where a lane stands.
     *
     * @param position it has done all of its changes up to and with this
     * @param offset it has done all of its records before this
     */
    public record Lane(int number, Position position, long offset) {}

    /** What a lane's transaction adds to one table's counters. */
    public record Tally(TableName table, Counters counters) {}

    /** A lane's step: where it stands after its transaction. */
    public record Step(Position position, long offset, long commitMicros) {}

    /**
     * All lanes together.
     *
     * @param position every lane has reached it
     * @param offset every record before it is done
     */
    public record Sum(
            Counters applied,
            Map<TableName, Counters> tables,
            Position position,
            long offset,
            long commitMicros) {}

    /**
     * Takes all lanes for this epoch, and makes them as many as wanted if they stand level; else
     * they stay as many as they are. Lane classes are forgotten with the level, to be looked up
     * anew.
     *
     * @throws FencedException if a newer owner took them
     */
    public List<Lane> claim(Connection connection, int wanted) throws SQLException {
        List<Lane> lanes = read(connection);
        if (lanes.isEmpty()) {
            insert(connection, OWNER, Position.START, 0);
            lanes = List.of(new Lane(0, Position.START, 0));
            insert(connection, 0, Position.START, 0);
        }
        try (PreparedStatement update =
                connection.prepareStatement("UPDATE godwit.lane SET epoch = ? WHERE epoch <= ?")) {
            update.setLong(1, epoch);
            update.setLong(2, epoch);
            if (update.executeUpdate() != lanes.size() + 1) {
                throw new FencedException(Ledger.CHANGES, epoch);
            }
        }
        lanes = read(connection);
        Position position = lanes.getFirst().position();
        if (lanes.stream().anyMatch(lane -> !lane.position().equals(position))) {
            return lanes;
        }
        long offset = lanes.stream().mapToLong(Lane::offset).min().orElseThrow();
        try (Statement statement = connection.createStatement()) {
            statement.execute("DELETE FROM godwit.lane_class");
            statement.execute("DELETE FROM godwit.lane WHERE lane >= " + wanted);
        }
        for (int lane = lanes.size(); lane < wanted; lane++) {
            insert(connection, lane, position, offset);
        }
        return read(connection);
    }

    private void insert(Connection connection, int lane, Position position, long offset)
            throws SQLException {
        try (PreparedStatement insert =
                connection.prepareStatement(
                        "INSERT INTO godwit.lane (lane, epoch, final_lsn, ordinal, log_offset, commit_micros) VALUES (?, ?, ?, ?, ?, 0)")) {
            insert.setInt(1, lane);
            insert.setLong(2, epoch);
            insert.setLong(3, position.finalLsn());
            insert.setLong(4, position.ordinal());
            insert.setLong(5, offset);
            insert.executeUpdate();
        }
    }

    private static List<Lane> read(Connection connection) throws SQLException {
        var lanes = new ArrayList<Lane>();
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT lane, final_lsn, ordinal, log_offset FROM godwit.lane WHERE lane >= 0 ORDER BY lane")) {
            while (row.next()) {
                lanes.add(
                        new Lane(
                                row.getInt(1),
                                new Position(row.getLong(2), row.getLong(3)),
                                row.getLong(4)));
            }
        }
        return lanes;
    }

    /**
     * Moves one lane and counts what its transaction does.
     *
     * @throws FencedException if another epoch holds the lane
     */
    public void step(Connection connection, int lane, Step step, List<Tally> tallies)
            throws SQLException {
        if (tallies.isEmpty()) {
            try (PreparedStatement update = connection.prepareStatement(MOVE)) {
                bind(update, lane, step);
                require(update.executeUpdate() == 1);
            }
            return;
        }
        try (PreparedStatement update =
                connection.prepareStatement(
                        "WITH mine AS ("
                                + MOVE
                                + " RETURNING lane) INSERT INTO godwit.counter AS c "
                                + "SELECT mine.lane, t.* FROM mine, unnest(?::text[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[]) AS t "
                                + ADD)) {
            bind(update, lane, step);
            bind(connection, update, 7, tallies);
            require(update.executeUpdate() == tallies.size());
        }
    }

    private static final String ADD =
            """
            ON CONFLICT (lane, namespace, name) DO UPDATE SET inserts = c.inserts + EXCLUDED.inserts,
              updates = c.updates + EXCLUDED.updates, deletes = c.deletes + EXCLUDED.deletes,
              truncates = c.truncates + EXCLUDED.truncates\
            """;

    /**
     * Moves all lanes at once, which stand level, and counts what the reader's transaction does.
     *
     * @throws FencedException if another epoch holds a lane
     */
    public void stepAll(Connection connection, int lanes, Step step, List<Tally> tallies)
            throws SQLException {
        step(connection, OWNER, step, tallies);
        try (PreparedStatement update =
                connection.prepareStatement(MOVE.replace("WHERE lane = ?", "WHERE lane <> ?"))) {
            bind(update, OWNER, step);
            require(update.executeUpdate() == lanes);
        }
    }

    /**
     * Locks the reader's own row until the transaction ends.
     *
     * @throws FencedException if another epoch holds it
     */
    public void check(Connection connection) throws SQLException {
        try (PreparedStatement lock =
                connection.prepareStatement(
                        "UPDATE godwit.lane SET epoch = epoch WHERE lane = -1 AND epoch = ?")) {
            lock.setLong(1, epoch);
            require(lock.executeUpdate() == 1);
        }
    }

    /** Adds up what is committed. */
    public Sum sum(Connection connection) throws SQLException {
        var tables = new HashMap<TableName, Counters>();
        long inserts = 0;
        long updates = 0;
        long deletes = 0;
        long truncates = 0;
        try (PreparedStatement select =
                        connection.prepareStatement(
                                """
                                SELECT namespace, name, sum(inserts)::bigint, sum(updates)::bigint,
                                  sum(deletes)::bigint, sum(truncates)::bigint
                                FROM godwit.counter GROUP BY namespace, name\
                                """);
                ResultSet row = select.executeQuery()) {
            while (row.next()) {
                var counters =
                        new Counters(
                                row.getLong(3), row.getLong(4), row.getLong(5), row.getLong(6));
                tables.put(new TableName(row.getString(1), row.getString(2)), counters);
                inserts += counters.getInserts();
                updates += counters.getUpdates();
                deletes += counters.getDeletes();
                truncates += counters.getTruncates();
            }
        }
        List<Lane> lanes = read(connection);
        return new Sum(
                new Counters(inserts, updates, deletes, truncates),
                tables,
                lanes.stream().map(Lane::position).min(Position::compareTo).orElse(Position.START),
                lanes.stream().mapToLong(Lane::offset).min().orElse(0),
                newestCommit(connection));
    }

    private static long newestCommit(Connection connection) throws SQLException {
        try (PreparedStatement select =
                        connection.prepareStatement(
                                "SELECT coalesce(max(commit_micros), 0) FROM godwit.lane");
                ResultSet row = select.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** The class that a table's changes are routed by, if it has been settled. */
    public Optional<String> laneClass(Connection connection, TableName table) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement(
                        "SELECT class FROM godwit.lane_class WHERE namespace = ? AND name = ?")) {
            select.setString(1, table.schema());
            select.setString(2, table.name());
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }

    /** Settles a table's class; changes one only while all lanes stand level. */
    public void saveLaneClass(Connection connection, TableName table, String laneClass)
            throws SQLException {
        try (PreparedStatement upsert =
                connection.prepareStatement(
                        "INSERT INTO godwit.lane_class (namespace, name, class) VALUES (?, ?, ?) ON CONFLICT (namespace, name) DO UPDATE SET class = EXCLUDED.class")) {
            upsert.setString(1, table.schema());
            upsert.setString(2, table.name());
            upsert.setString(3, laneClass);
            upsert.executeUpdate();
        }
    }

    /** The class will be settled anew. Only while all lanes stand level. */
    public void forgetLaneClass(Connection connection, TableName table) throws SQLException {
        try (PreparedStatement delete =
                connection.prepareStatement(
                        "DELETE FROM godwit.lane_class WHERE namespace = ? AND name = ?")) {
            delete.setString(1, table.schema());
            delete.setString(2, table.name());
            delete.executeUpdate();
        }
    }

    private void bind(PreparedStatement update, int lane, Step step) throws SQLException {
        update.setLong(1, step.position().finalLsn());
        update.setLong(2, step.position().ordinal());
        update.setLong(3, step.offset());
        update.setLong(4, step.commitMicros());
        update.setInt(5, lane);
        update.setLong(6, epoch);
    }

    private static void bind(
            Connection connection, PreparedStatement update, int from, List<Tally> tallies)
            throws SQLException {
        update.setArray(
                from,
                connection.createArrayOf(
                        "text", tallies.stream().map(tally -> tally.table().schema()).toArray()));
        update.setArray(
                from + 1,
                connection.createArrayOf(
                        "text", tallies.stream().map(tally -> tally.table().name()).toArray()));
        update.setArray(from + 2, numbers(connection, tallies, Counters::getInserts));
        update.setArray(from + 3, numbers(connection, tallies, Counters::getUpdates));
        update.setArray(from + 4, numbers(connection, tallies, Counters::getDeletes));
        update.setArray(from + 5, numbers(connection, tallies, Counters::getTruncates));
    }

    private static java.sql.Array numbers(
            Connection connection,
            List<Tally> tallies,
            java.util.function.ToLongFunction<Counters> number)
            throws SQLException {
        return connection.createArrayOf(
                "int8",
                tallies.stream().map(tally -> number.applyAsLong(tally.counters())).toArray());
    }

    private void require(boolean mine) {
        if (!mine) {
            throw new FencedException(Ledger.CHANGES, epoch);
        }
    }
}
