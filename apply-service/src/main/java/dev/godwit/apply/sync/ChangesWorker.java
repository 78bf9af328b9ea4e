// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.FencedException;
import dev.godwit.apply.ledger.Lanes;
import dev.godwit.apply.ledger.Lanes.Sum;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.ledger.Position;
import dev.godwit.apply.ledger.Shapes;
import dev.godwit.apply.partition.PartitionWorker;
import dev.godwit.apply.target.TargetFailures;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Applies the changes log of one database migration: reads in log order, writes in lanes, holds at
 * the gate. Its epoch is checked in every transaction; a newer owner stops it, and {@link #fenced}
 * says so. Each worker needs an epoch of its own, also after a failure.
 */
public final class ChangesWorker implements PartitionWorker {
    private static final Logger LOG = LoggerFactory.getLogger(ChangesWorker.class);
    private static final Duration CLOSE_MOST = Duration.ofSeconds(5);

    private final Stream stream;
    private final SyncSettings settings;
    private final SessionOpener sessions;
    private final RecordCodec codec;
    private final Partitions names;
    private final CrashPoints crashPoints;
    private final Inbox inbox;
    private final Rest rest = new Rest();
    private final AtomicBoolean attemptsChanged = new AtomicBoolean();
    private final AtomicReference<DesiredMarkers> desired;
    private final AtomicReference<@Nullable Throwable> stopped = new AtomicReference<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final List<Runnable> aborts = new CopyOnWriteArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean ending;
    private volatile OptionalLong startOffset = OptionalLong.empty();
    private volatile @Nullable DurablePosition durable;
    private volatile @Nullable Hold hold;

    private ChangesWorker(
            Stream stream,
            SyncSettings settings,
            SessionOpener sessions,
            SchemaBook book,
            DesiredMarkers desired,
            CrashPoints crashPoints) {
        this.crashPoints = crashPoints;
        this.stream = stream;
        this.settings = settings;
        this.sessions = sessions;
        this.codec = new RecordCodec(book);
        this.names = new Partitions(new Ledger(stream.databaseId()));
        this.inbox = new Inbox(settings.bufferBytes());
        this.desired = new AtomicReference<>(desired);
    }

    /**
     * Starts a worker on a target whose ledger exists and whose epoch the caller has minted.
     * Returns at once; it connects on its own threads.
     */
    public static ChangesWorker start(
            Stream stream,
            SyncSettings settings,
            SessionOpener sessions,
            SchemaBook book,
            DesiredMarkers desired,
            CrashPoints crashPoints) {
        var worker = new ChangesWorker(stream, settings, sessions, book, desired, crashPoints);
        worker.run("reader", worker::read);
        return worker;
    }

    /** What a thread does until it is interrupted. */
    @FunctionalInterface
    private interface Task {
        void run() throws SQLException, InterruptedException;
    }

    private void run(String name, Task task) {
        Thread thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("sync-" + stream.databaseId() + "-" + name)
                        .unstarted(() -> guarded(task));
        threads.add(thread);
        thread.start();
        if (stopped.get() != null) {
            thread.interrupt();
        }
    }

    private void guarded(Task task) {
        try {
            task.run();
        } catch (InterruptedException e) {
            // The worker is being closed, or another thread has said why it stops.
            Thread.currentThread().interrupt();
        } catch (Exception | OutOfMemoryError e) {
            stop(e);
        }
    }

    /** Opens everything, and becomes the reader. */
    private void read() throws SQLException, InterruptedException {
        var ledger = new Lanes(stream.epoch());
        var owner = session(Lanes.OWNER, ledger, "changes-reader");
        List<Lanes.Lane> claimed =
                owner.claim(connection -> ledger.claim(connection, settings.lanes()));
        Connection own = sessions.open(names.sessionName("changes-durable", stream.epoch()));
        var positions = new DurablePosition(ledger, own);
        onStop(positions::abort);
        durable = positions;
        var transaction = new OpenTransaction();
        var lanes = new ArrayList<Lane>();
        for (Lanes.Lane lane : claimed) {
            lanes.add(
                    new Lane(
                            session(lane.number(), ledger, "changes-" + lane.number()),
                            settings,
                            transaction,
                            lane.position(),
                            lane.offset(),
                            positions::committed));
        }
        List<Position> begun = claimed.stream().map(Lanes.Lane::position).toList();
        Position position = begun.stream().min(Position::compareTo).orElseThrow();
        long offset = claimed.stream().mapToLong(Lanes.Lane::offset).min().orElseThrow();
        var reader =
                new ChangesReader(
                        new ChangesReader.Parts(
                                stream,
                                settings,
                                codec,
                                inbox,
                                rest,
                                new ReaderSignals(),
                                new LaneSet(lanes, begun),
                                owner,
                                transaction,
                                new TableBook(ledger, new Shapes(codec)),
                                positions),
                        position,
                        offset);
        reader.open();
        for (int i = 0; i < lanes.size(); i++) {
            run("lane-" + i, lanes.get(i)::run);
        }
        run("durable", () -> keepDurable(positions));
        startOffset = OptionalLong.of(offset);
        LOG.atInfo()
                .addKeyValue("migration", stream.databaseId())
                .addKeyValue("offset", offset)
                .log("sync begins");
        reader.run();
        finished.countDown();
    }

    private LaneSession session(int lane, Lanes ledger, String role) throws SQLException {
        LaneSession session =
                LaneSession.open(
                        lane,
                        ledger,
                        sessions,
                        names.sessionName(role, stream.epoch()),
                        crashPoints);
        onStop(session::abort);
        return session;
    }

    private void onStop(Runnable abort) {
        aborts.add(abort);
        if (stopped.get() != null) {
            abort.run();
        }
    }

    private void keepDurable(DurablePosition positions) throws SQLException, InterruptedException {
        while (!ended.await(settings.durableEvery().toMillis(), TimeUnit.MILLISECONDS)) {
            positions.advance();
        }
    }

    private final class ReaderSignals implements ChangesReader.Signals {
        @Override
        public DesiredMarkers desired() {
            return desired.get();
        }

        @Override
        public boolean takeAttemptsChanged() {
            return attemptsChanged.getAndSet(false);
        }

        @Override
        public boolean ending() {
            return ending;
        }

        @Override
        public void held(@Nullable Hold now) {
            if (now != null) {
                crashPoints.reach(CrashPoint.HELD);
            }
            hold = now;
        }
    }

    @Override
    public OptionalLong startOffset() {
        return startOffset;
    }

    @Override
    public void accept(List<ConsumerRecord<String, byte[]>> records) {
        inbox.accept(records);
    }

    @Override
    public boolean full() {
        return inbox.full();
    }

    @Override
    public OptionalLong rewind() {
        return inbox.takeRewind();
    }

    @Override
    public OptionalLong durableOffset() {
        return sum().map(sum -> OptionalLong.of(sum.offset())).orElse(OptionalLong.empty());
    }

    private Optional<Sum> sum() {
        DurablePosition positions = durable;
        return positions == null ? Optional.empty() : positions.sum();
    }

    @Override
    public Optional<MigrationException> failure() {
        Throwable why = stopped.get();
        return why == null || why instanceof FencedException || why instanceof Closed
                ? Optional.empty()
                : Optional.of(explained(why));
    }

    @Override
    public boolean fenced() {
        return stopped.get() instanceof FencedException;
    }

    private static MigrationException explained(Throwable why) {
        return switch (why) {
            case MigrationException known -> known;
            case SQLException e -> TargetFailures.ofRows(e);
            default ->
                    new MigrationException(
                            ErrorCode.INTERNAL,
                            "the sync failed by " + why.getClass().getSimpleName(),
                            why);
        };
    }

    /** What the target durably holds; a snapshot, at most about a second old. */
    public SyncProgress progress() {
        Hold held = hold;
        Sum now =
                sum().orElseGet(() ->
                        new Sum(new Counters(0L, 0L, 0L, 0L), Map.of(), Position.START, 0, 0));
        return new SyncProgress(
                now.applied(),
                now.tables(),
                now.position(),
                now.commitMicros(),
                held == null ? Optional.empty() : Optional.of(held.view(desired.get())),
                List.of());
    }

    /** Tells what control wants now. Returns at once. */
    public void desire(DesiredMarkers markers) {
        desired.set(markers);
        inbox.signal();
    }

    /**
     * The ledger's attempts have changed (a table is loaded, or granted again). Returns at once.
     */
    public void attemptsChanged() {
        attemptsChanged.set(true);
        inbox.signal();
    }

    /** Something done while every lane stands level, has committed, and applies nothing. */
    @FunctionalInterface
    public interface LevelAction {
        void run() throws SQLException;
    }

    /**
     * Runs the action on the caller's thread while all lanes stand level and committed; they read
     * the attempts anew before they go on.
     *
     * @throws MigrationException why the worker has stopped, if it has
     * @throws FencedException if a newer owner has stopped it
     */
    public void whileLevel(LevelAction action) throws SQLException, InterruptedException {
        rest.want();
        try {
            inbox.signal();
            if (!rest.await()) {
                Throwable why = stopped.get();
                throw why == null || why instanceof Closed || why instanceof FencedException
                        ? new FencedException(Ledger.CHANGES, stream.epoch())
                        : explained(why);
            }
            action.run();
        } finally {
            rest.release();
        }
    }

    /**
     * Ends the sync where a transaction of the source ends, so that the target's rows fit together,
     * if that can be had in this time; {@link #close} is still to be called.
     */
    public void finish(Duration most) throws InterruptedException {
        ending = true;
        inbox.signal();
        if (!finished.await(most.toMillis(), TimeUnit.MILLISECONDS)) {
            LOG.atInfo()
                    .addKeyValue("migration", stream.databaseId())
                    .log("the sync ends within a transaction: its end has not come in time");
        }
    }

    /** The caller has closed the worker. */
    private static final class Closed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private void stop(Throwable why) {
        if (!stopped.compareAndSet(null, why)) {
            return;
        }
        if (!(why instanceof Closed)) {
            log(why);
        }
        ended.countDown();
        finished.countDown();
        rest.end();
        threads.forEach(thread -> {
            if (!thread.equals(Thread.currentThread())) {
                thread.interrupt();
            }
        });
        aborts.forEach(Runnable::run);
    }

    private void log(Throwable why) {
        if (why instanceof FencedException) {
            LOG.atWarn()
                    .addKeyValue("migration", stream.databaseId())
                    .log("a newer owner has taken the sync over");
            return;
        }
        MigrationException explained = explained(why);
        boolean passing = explained.code().retry() == ErrorCode.Retry.AUTOMATIC;
        LOG.atLevel(passing ? Level.WARN : Level.ERROR)
                .addKeyValue("migration", stream.databaseId())
                .addKeyValue("code", explained.code())
                .setCause(explained.code() == ErrorCode.INTERNAL ? why : null)
                .log("the sync stops");
    }

    @Override
    public void close() {
        stop(new Closed());
        boolean interrupted = false;
        long deadline = System.nanoTime() + CLOSE_MOST.toNanos();
        for (Thread thread : threads) {
            try {
                thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
