// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.FencedException;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.partition.PartitionWorker;
import dev.godwit.apply.target.TargetFailures;
import dev.godwit.apply.target.TargetSession;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
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

/** Takes one load partition from its former owner and loads the pieces that come in it. */
public final class LoadWorker implements PartitionWorker {
    private static final Logger LOG = LoggerFactory.getLogger(LoadWorker.class);
    private static final Duration LEDGER_LOOK = Duration.ofMillis(200);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(1);
    private static final Duration RECORD_LOOK = Duration.ofSeconds(1);

    private final ConnectionSettings target;
    private final Ledger ledger;
    private final Partitions partitions;
    private final Attempts attempts = new Attempts();
    private final PieceLoad pieces;
    private final String role;
    private final RecordCodec codec;
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
        this.buffer = new RecordBuffer(settings.bufferBytes());
        this.pieces =
                new PieceLoad(partitions, role, attempts, buffer, codec, settings, crashPoints);
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
                switch (pieces.load(connection, epoch, piece)) {
                    case PieceLoad.Committed(long offset) -> durable = OptionalLong.of(offset);
                    case PieceLoad.Late() -> readAgain(piece.getId(), message.offset());
                    case PieceLoad.Skipped(), PieceLoad.Abandoned() -> {
                        // What follows is looked at anew.
                    }
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
}
