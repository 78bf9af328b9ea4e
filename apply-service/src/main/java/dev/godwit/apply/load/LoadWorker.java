// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.FencedException;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.partition.PartitionWorker;
import dev.godwit.apply.target.ServerWords;
import dev.godwit.apply.target.TargetFailures;
import dev.godwit.apply.target.TargetSession;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.Block;
import dev.godwit.schemas.PieceEnd;
import dev.godwit.schemas.PieceId;
import dev.godwit.schemas.PieceStart;
import dev.godwit.schemas.TableEnd;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.codec.UnknownSchemaException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the pieces of one load partition. A piece is one transaction: the worker's epoch and the
 * table's attempt are checked and locked, the rows copied, counted and summed, and the ledger row
 * and the log's offset written; so a piece is in the table if and only if it is in the ledger,
 * whoever dies when.
 */
public final class LoadWorker implements PartitionWorker {
    private static final Logger LOG = LoggerFactory.getLogger(LoadWorker.class);
    private static final Duration LEDGER_LOOK = Duration.ofMillis(200);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(1);
    private static final Duration RECORD_LOOK = Duration.ofSeconds(1);

    /** What one record came to. */
    private enum Piece {
        /** Committed, or of no use: the log goes on behind it. */
        DONE,
        /** The next record opens something else: it is looked at anew. */
        ABANDONED,
        /** Its next block is late: rolled back, to be read again from its start. */
        LATE
    }

    private final ConnectionSettings target;
    private final Ledger ledger;
    private final Partitions partitions;
    private final Attempts attempts = new Attempts();
    private final String role;
    private final RecordCodec codec;
    private final LoadSettings settings;
    private final CrashPoints crashPoints;
    private final RecordBuffer buffer;
    private final Thread thread;
    private volatile OptionalLong start = OptionalLong.empty();
    private volatile OptionalLong durable = OptionalLong.empty();
    private volatile OptionalLong rewind = OptionalLong.empty();
    private volatile Optional<MigrationException> failure = Optional.empty();
    private volatile @Nullable TargetSession session;
    private volatile boolean fenced;
    private volatile boolean closed;

    private LoadWorker(
            ConnectionSettings target,
            String databaseId,
            int partition,
            SchemaBook book,
            LoadSettings settings,
            CrashPoints crashPoints) {
        this.target = target;
        this.ledger = new Ledger(databaseId);
        this.partitions = new Partitions(ledger);
        this.role = "load-" + partition;
        this.codec = new RecordCodec(book);
        this.settings = settings;
        this.crashPoints = crashPoints;
        this.buffer = new RecordBuffer(settings.bufferBytes());
        this.thread =
                Thread.ofPlatform()
                        .name("load-" + databaseId + "-" + partition)
                        .unstarted(this::run);
    }

    /** Starts a worker; it waits until the owner of the changes partition has made the ledger. */
    public static LoadWorker start(
            ConnectionSettings target,
            String databaseId,
            int partition,
            SchemaBook book,
            LoadSettings settings,
            CrashPoints crashPoints) {
        var worker = new LoadWorker(target, databaseId, partition, book, settings, crashPoints);
        worker.thread.start();
        return worker;
    }

    @Override
    public OptionalLong startOffset() {
        return start;
    }

    @Override
    public void accept(List<ConsumerRecord<String, byte[]>> records) {
        buffer.add(records);
    }

    @Override
    public boolean full() {
        return buffer.full();
    }

    @Override
    public OptionalLong rewind() {
        OptionalLong asked = rewind;
        rewind = OptionalLong.empty();
        return asked;
    }

    @Override
    public OptionalLong durableOffset() {
        return durable;
    }

    @Override
    public Optional<MigrationException> failure() {
        return failure;
    }

    @Override
    public boolean fenced() {
        return fenced;
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            if (!thread.join(CLOSE_PATIENCE)) {
                // It waits for the target: without its connection it ends.
                TargetSession waiting = session;
                if (waiting != null) {
                    waiting.abort();
                }
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            long epoch = takePartition();
            try (TargetSession opened =
                    TargetSession.open(target, partitions.sessionName(role, epoch))) {
                session = opened;
                load(opened.connection(), epoch);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (FencedException e) {
            LOG.atInfo()
                    .addKeyValue("partition", role)
                    .log("a newer owner has taken the partition");
            fenced = true;
        } catch (MigrationException e) {
            fail(e);
        } catch (SQLException e) {
            fail(TargetFailures.of(e));
        } catch (UnknownSchemaException e) {
            fail(
                    new MigrationException(
                            ErrorCode.BROKER_FAILED,
                            "a record's schema is not known yet: " + e.getMessage(),
                            e));
        } catch (RuntimeException e) {
            fail(new MigrationException(ErrorCode.INTERNAL, "loading ended by " + e, e));
        }
    }

    private void fail(MigrationException e) {
        if (closed) {
            return;
        }
        LOG.atError()
                .setCause(e)
                .addKeyValue("code", e.code())
                .addKeyValue("partition", role)
                .log("loading stopped");
        // The reporter may be another instance; where the target cannot be reached it sees that
        // itself.
        try (TargetSession session =
                TargetSession.open(target, "godwit " + ledger.databaseId() + " failure 0")) {
            if (ledger.exists(session.connection())) {
                partitions.saveFailure(session.connection(), role, e.toFailure());
            }
        } catch (SQLException | MigrationException unreachable) {
            e.addSuppressed(unreachable);
        }
        failure = Optional.of(e);
    }

    private long takePartition() throws SQLException, InterruptedException {
        try (TargetSession session =
                TargetSession.open(target, "godwit " + ledger.databaseId() + " take 0")) {
            awaitLedger(session.connection());
            Partitions.Taken taken = partitions.take(session.connection(), role);
            partitions.clearFailure(session.connection(), role);
            durable = taken.offset();
            start = OptionalLong.of(taken.offset().orElse(0));
            return taken.epoch();
        }
    }

    private void awaitLedger(Connection connection) throws SQLException, InterruptedException {
        while (!ledger.exists(connection)) {
            LockSupport.parkNanos(this, LEDGER_LOOK.toNanos());
            stopIfClosed();
        }
    }

    private void stopIfClosed() throws InterruptedException {
        if (closed || Thread.interrupted()) {
            throw new InterruptedException("closed");
        }
    }

    private void load(Connection connection, long epoch) throws SQLException, InterruptedException {
        connection.setAutoCommit(false);
        while (true) {
            stopIfClosed();
            Optional<ConsumerRecord<String, byte[]>> next = buffer.peek(RECORD_LOOK);
            if (next.isPresent()) {
                take(connection, epoch, next.get());
            }
        }
    }

    private void take(Connection connection, long epoch, ConsumerRecord<String, byte[]> message)
            throws SQLException, InterruptedException {
        switch (codec.decode(message.value())) {
            case PieceStart piece -> {
                if (load(connection, epoch, piece) == Piece.LATE) {
                    readAgain(piece.getId(), message.offset());
                }
            }
            case TableEnd end -> {
                buffer.drop();
                partitions.check(connection, role, epoch);
                boolean ours = attempts.ended(connection, end);
                advance(connection, message.offset() + 1);
                LOG.atInfo()
                        .addKeyValue("table", TableName.of(end.getTarget()))
                        .addKeyValue("attempt", end.getAttempt().getNumber())
                        .addKeyValue("rows", end.getRows())
                        .log(
                                ours
                                        ? "the table's end is here"
                                        : "the end of an older attempt is skipped");
            }
            case PieceEnd skipped -> {
                buffer.drop();
                partitions.check(connection, role, epoch);
                advance(connection, message.offset() + 1);
            }
            // The rest of a piece that was skipped or given up: its end, or what follows, moves the
            // offset.
            default -> buffer.drop();
        }
    }

    private void advance(Connection connection, long offset) throws SQLException {
        partitions.saveOffset(connection, role, offset);
        connection.commit();
        durable = OptionalLong.of(offset);
    }

    private Piece load(Connection connection, long epoch, PieceStart start)
            throws SQLException, InterruptedException {
        PieceId id = start.getId();
        buffer.drop();
        partitions.check(connection, role, epoch);
        Optional<AttemptRow> attempt = attempts.lockShare(connection, TableName.of(id.getTarget()));
        if (!takesPieces(attempt, id.getAttempt()) || attempts.hasPiece(connection, id)) {
            connection.rollback();
            return Piece.DONE;
        }
        long began = System.nanoTime();
        try (PieceCopy copy = PieceCopy.open(connection, start)) {
            while (true) {
                Optional<ConsumerRecord<String, byte[]>> next =
                        buffer.peek(settings.blockPatience());
                if (next.isEmpty()) {
                    return rolledBack(connection, copy, Piece.LATE);
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
                        commit(connection, next.get().offset() + 1);
                        LOG.atDebug()
                                .addKeyValue("table", TableName.of(id.getTarget()))
                                .addKeyValue("chunk", id.getChunk())
                                .addKeyValue("rows", end.getRows())
                                .addKeyValue("bytes", end.getBytes())
                                .addKeyValue(
                                        "durationMs",
                                        Duration.ofNanos(System.nanoTime() - began).toMillis())
                                .log("piece loaded");
                        return Piece.DONE;
                    }
                    // Its sender has died or given up: what follows is looked at anew.
                    default -> {
                        return rolledBack(connection, copy, Piece.ABANDONED);
                    }
                }
            }
        } catch (SQLException e) {
            throw refused(id, e);
        }
    }

    private void commit(Connection connection, long offset) throws SQLException {
        crashPoints.reach(CrashPoint.AFTER_COPY_BEFORE_COMMIT);
        advance(connection, offset);
        crashPoints.reach(CrashPoint.AFTER_PIECE_COMMIT);
    }

    private static Piece rolledBack(Connection connection, PieceCopy copy, Piece outcome)
            throws SQLException {
        copy.close();
        connection.rollback();
        return outcome;
    }

    private Piece broken(Connection connection, PieceCopy copy, long epoch, PieceId id)
            throws SQLException {
        rolledBack(connection, copy, Piece.ABANDONED);
        LOG.atWarn()
                .addKeyValue("table", TableName.of(id.getTarget()))
                .addKeyValue("attempt", id.getAttempt().getNumber())
                .addKeyValue("chunk", id.getChunk())
                .addKeyValue("code", ErrorCode.LOAD_CORRUPT)
                .log("a piece does not agree with what was sent");
        partitions.check(connection, role, epoch);
        attempts.broken(connection, TableName.of(id.getTarget()), id.getAttempt());
        connection.commit();
        return Piece.ABANDONED;
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

    /**
     * Waits for what comes next without a transaction: only if that is more of the piece, its start
     * is read again.
     */
    private void readAgain(PieceId id, long startOffset) throws InterruptedException {
        Optional<ConsumerRecord<String, byte[]>> next = Optional.empty();
        while (next.isEmpty()) {
            stopIfClosed();
            next = buffer.peek(RECORD_LOOK);
        }
        boolean more =
                switch (codec.decode(next.get().value())) {
                    case Block block -> block.getId().equals(id);
                    case PieceEnd end -> end.getId().equals(id);
                    default -> false;
                };
        if (more) {
            buffer.restartAt(startOffset);
            rewind = OptionalLong.of(startOffset);
        }
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
