// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.FencedException;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.partition.PartitionWorker;
import dev.godwit.apply.sync.ChangesWorker;
import dev.godwit.apply.target.TargetFailures;
import dev.godwit.apply.target.TargetSession;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The owner of one database migration on its target, for as long as the changes partition is ours:
 * makes the ledger, mints the epoch, and does as control wants for as long as that epoch is the
 * newest ({@link Ownership}). Every step is repeatable: the ledger tells a successor where to go
 * on.
 */
final class DatabaseOwner implements PartitionWorker {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseOwner.class);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(1);

    /** What an owner needs of the service. */
    record Surroundings(
            KafkaSettings kafka, SchemaBook book, Clock clock, CrashPoints crashPoints) {}

    private final String id;
    private final ConnectionSettings target;
    private final DesiredWatch watch;
    private final Surroundings surroundings;
    private final Ledger ledger;
    private final Partitions partitions;
    private final OwnerBoard board = new OwnerBoard();
    private final Thread thread;
    private volatile @Nullable TargetSession session;
    private volatile Optional<MigrationException> failure = Optional.empty();
    private volatile boolean fenced;

    private DatabaseOwner(
            String id,
            ConnectionSettings target,
            Supplier<Optional<Desired>> desired,
            Surroundings surroundings) {
        this.id = id;
        this.target = target;
        this.watch = new DesiredWatch(desired);
        this.surroundings = surroundings;
        this.ledger = new Ledger(id);
        this.partitions = new Partitions(ledger);
        this.thread = Thread.ofPlatform().name("owner-" + id).unstarted(this::run);
    }

    static DatabaseOwner start(
            String id,
            ConnectionSettings target,
            Supplier<Optional<Desired>> desired,
            Surroundings surroundings) {
        var owner = new DatabaseOwner(id, target, desired, surroundings);
        owner.thread.start();
        return owner;
    }

    /**
     * What is known now, with the newest progress of the sync; empty until the target has been
     * reached.
     */
    Optional<OwnerView> view() {
        return board.view();
    }

    @Override
    public OptionalLong startOffset() {
        ChangesWorker running = board.sync();
        return running == null ? OptionalLong.empty() : running.startOffset();
    }

    @Override
    public void accept(List<ConsumerRecord<String, byte[]>> records) {
        ChangesWorker running = board.sync();
        if (running != null) {
            running.accept(records);
        }
    }

    @Override
    public boolean full() {
        ChangesWorker running = board.sync();
        return running == null || running.full();
    }

    @Override
    public OptionalLong rewind() {
        ChangesWorker running = board.sync();
        return running == null ? OptionalLong.empty() : running.rewind();
    }

    @Override
    public OptionalLong durableOffset() {
        ChangesWorker running = board.sync();
        return running == null ? OptionalLong.empty() : running.durableOffset();
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
        watch.close();
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
            own();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (FencedException e) {
            LOG.atInfo().addKeyValue("migration", id).log("a newer owner has taken the migration");
            fenced = true;
        } catch (MigrationException e) {
            fail(e);
        } catch (SQLException e) {
            fail(TargetFailures.of(e));
        } catch (RuntimeException e) {
            fail(
                    new MigrationException(
                            ErrorCode.INTERNAL, "owning the migration ended by " + e, e));
        }
    }

    private void fail(MigrationException e) {
        if (!watch.closed()) {
            LOG.atError()
                    .setCause(e)
                    .addKeyValue("code", e.code())
                    .addKeyValue("migration", id)
                    .log("applying stopped");
            failure = Optional.of(e);
        }
    }

    private void own() throws SQLException, InterruptedException {
        Desired first = watch.wanted();
        OptionalLong epoch = OptionalLong.empty();
        try (TargetSession taking = open("godwit " + id + " take 0")) {
            if (!first.releasing()) {
                create(taking.connection());
            }
            if (ledger.exists(taking.connection())) {
                epoch =
                        OptionalLong.of(
                                partitions.take(taking.connection(), Ledger.CHANGES).epoch());
            }
        }
        if (epoch.isEmpty()) {
            // Nothing of ours is left on the target, or never was.
            released(0, List.of());
            return;
        }
        try (TargetSession owning =
                open(partitions.sessionName(Ledger.CHANGES + "-owner", epoch.getAsLong()))) {
            var parts = new Ownership.Parts(target, ledger, surroundings, watch, board);
            released(epoch.getAsLong(), new Ownership(parts, owning, epoch.getAsLong()).run());
        }
    }

    private TargetSession open(String name) throws SQLException {
        TargetSession opened = TargetSession.open(target, name);
        session = opened;
        return opened;
    }

    private void create(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try {
            ledger.create(connection);
            connection.commit();
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    /** Says so until it is closed. */
    private void released(long epoch, List<String> notes) throws InterruptedException {
        LOG.atInfo().addKeyValue("migration", id).log("the target is released");
        board.released(epoch, notes);
        while (true) {
            watch.pause();
        }
    }
}
