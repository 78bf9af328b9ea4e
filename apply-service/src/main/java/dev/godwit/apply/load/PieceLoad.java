// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.FencedException;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.target.ServerWords;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.Block;
import dev.godwit.schemas.PieceEnd;
import dev.godwit.schemas.PieceId;
import dev.godwit.schemas.PieceStart;
import dev.godwit.schemas.codec.RecordCodec;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A piece is one transaction: the worker's epoch and the table's attempt are checked and locked,
 * the rows copied, counted and summed, and the ledger row and the log's offset written; so a piece
 * is in the table if and only if it is in the ledger, whoever dies when.
 */
final class PieceLoad {
    private static final Logger LOG = LoggerFactory.getLogger(PieceLoad.class);

    /** What a piece came to. */
    sealed interface Outcome {}

    /**
     * It is in the table and in the ledger.
     *
     * @param offset where the log goes on
     */
    record Committed(long offset) implements Outcome {}

    /** It is in the ledger already, or of an older attempt. */
    record Skipped() implements Outcome {}

    /** Rolled back: it does not agree with what was sent, or its sender has died or given up. */
    record Abandoned() implements Outcome {}

    /** Rolled back because its next block is late: to be read again from its start. */
    record Late() implements Outcome {}

    private final Partitions partitions;
    private final String role;
    private final Attempts attempts;
    private final RecordBuffer buffer;
    private final RecordCodec codec;
    private final LoadSettings settings;
    private final CrashPoints crashPoints;

    PieceLoad(
            Partitions partitions,
            String role,
            Attempts attempts,
            RecordBuffer buffer,
            RecordCodec codec,
            LoadSettings settings,
            CrashPoints crashPoints) {
        this.partitions = partitions;
        this.role = role;
        this.attempts = attempts;
        this.buffer = buffer;
        this.codec = codec;
        this.settings = settings;
        this.crashPoints = crashPoints;
    }

    /**
     * Loads one piece, whose start is the buffer's next record; records are taken up to its end, or
     * up to the one that does not belong to it.
     *
     * @param connection without autocommit, no transaction open
     * @throws FencedException if a newer owner has taken the partition
     * @throws MigrationException PIECE_REFUSED if the table does not take a row, TARGET_FAILED if
     *     the target has lost the attempt's grant
     */
    Outcome load(Connection connection, long epoch, PieceStart start)
            throws SQLException, InterruptedException {
        PieceId id = start.getId();
        buffer.drop();
        partitions.check(connection, role, epoch);
        Optional<AttemptRow> attempt = attempts.lockShare(connection, TableName.of(id.getTarget()));
        if (!takesPieces(attempt, id.getAttempt()) || attempts.hasPiece(connection, id)) {
            connection.rollback();
            return new Skipped();
        }
        long began = System.nanoTime();
        try (PieceCopy copy = PieceCopy.open(connection, start)) {
            while (true) {
                Optional<ConsumerRecord<String, byte[]>> next =
                        buffer.peek(settings.blockPatience());
                if (next.isEmpty()) {
                    return rolledBack(connection, copy, new Late());
                }
                switch (codec.decode(next.get().value())) {
                    case Block block when block.getId().equals(id) -> {
                        if (!copy.write(block)) {
                            return broken(connection, copy, epoch, id);
                        }
                        buffer.drop();
                    }
                    case PieceEnd end when end.getId().equals(id) -> {
                        if (!copy.finish(end)) {
                            return broken(connection, copy, epoch, id);
                        }
                        buffer.drop();
                        attempts.addPiece(connection, id, end.getRows(), end.getBytes());
                        Committed committed = commit(connection, next.get().offset() + 1);
                        LOG.atDebug()
                                .addKeyValue("table", TableName.of(id.getTarget()))
                                .addKeyValue("chunk", id.getChunk())
                                .addKeyValue("rows", end.getRows())
                                .addKeyValue("bytes", end.getBytes())
                                .addKeyValue(
                                        "durationMs",
                                        Duration.ofNanos(System.nanoTime() - began).toMillis())
                                .log("piece loaded");
                        return committed;
                    }
                    // Its sender has died or given up: what follows is looked at anew.
                    default -> {
                        return rolledBack(connection, copy, new Abandoned());
                    }
                }
            }
        } catch (SQLException e) {
            throw refused(id, e);
        }
    }

    private Committed commit(Connection connection, long offset) throws SQLException {
        crashPoints.reach(CrashPoint.AFTER_COPY_BEFORE_COMMIT);
        partitions.saveOffset(connection, role, offset);
        connection.commit();
        crashPoints.reach(CrashPoint.AFTER_PIECE_COMMIT);
        return new Committed(offset);
    }

    private static Outcome rolledBack(Connection connection, PieceCopy copy, Outcome outcome)
            throws SQLException {
        copy.close();
        connection.rollback();
        return outcome;
    }

    private Outcome broken(Connection connection, PieceCopy copy, long epoch, PieceId id)
            throws SQLException {
        Outcome abandoned = rolledBack(connection, copy, new Abandoned());
        LOG.atWarn()
                .addKeyValue("table", TableName.of(id.getTarget()))
                .addKeyValue("attempt", id.getAttempt().getNumber())
                .addKeyValue("chunk", id.getChunk())
                .addKeyValue("code", ErrorCode.LOAD_CORRUPT)
                .log("a piece does not agree with what was sent");
        partitions.check(connection, role, epoch);
        attempts.broken(connection, TableName.of(id.getTarget()), id.getAttempt());
        connection.commit();
        return abandoned;
    }

    /**
     * Pieces of older attempts are skipped; a piece of a newer one than the grant means that the
     * target has lost the grant.
     */
    private static boolean takesPieces(Optional<AttemptRow> granted, Attempt attempt) {
        if (granted.isPresent() && granted.get().attempt().equals(attempt)) {
            return granted.get().state() == AttemptRow.State.GRANTED
                    || granted.get().state() == AttemptRow.State.ENDED;
        }
        boolean newer =
                granted.isEmpty()
                        || GrantOrder.INSTANCE.compare(attempt, granted.get().attempt()) > 0;
        if (newer) {
            throw new MigrationException(
                    ErrorCode.TARGET_FAILED,
                    "the target has forgotten the grant of attempt %d"
                            .formatted(attempt.getNumber()));
        }
        return false;
    }

    private static SQLException refused(PieceId id, SQLException e) {
        if (SqlStates.passing(e) || SqlStates.state(e).isEmpty()) {
            return e;
        }
        String object = ServerWords.object(e);
        throw new MigrationException(
                ErrorCode.PIECE_REFUSED,
                "table %s refuses rows of the source (%sSQLSTATE %s): %s"
                        .formatted(
                                TableName.of(id.getTarget()),
                                object.isEmpty() ? "" : object + ", ",
                                SqlStates.state(e),
                                ServerWords.of(e)),
                ServerWords.quotesValue(e) ? null : e);
    }
}
