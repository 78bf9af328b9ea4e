// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.FencedException;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.load.GrantOrder;
import dev.godwit.apply.partition.PartitionWorker;
import dev.godwit.apply.sync.ChangesWorker;
import dev.godwit.apply.sync.DesiredMarkers;
import dev.godwit.apply.sync.Stream;
import dev.godwit.apply.sync.SyncProgress;
import dev.godwit.apply.sync.SyncSettings;
import dev.godwit.apply.target.Finalising;
import dev.godwit.apply.target.Restoring;
import dev.godwit.apply.target.ServerWords;
import dev.godwit.apply.target.TargetSession;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.TableLoad;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The owner of one database migration on its target, for as long as the changes partition is ours:
 * makes the ledger, mints the epoch, runs the sync, grants attempts, has indexes built, finalises
 * and releases, all as control wants it. Every step is repeatable: the ledger tells a successor
 * where to go on.
 */
final class DatabaseOwner implements PartitionWorker {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseOwner.class);
    private static final Duration TICK = Duration.ofMillis(50);
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(1);
    private static final Duration FINISH_PATIENCE = Duration.ofSeconds(5);

    /** What an owner needs of the service. */
    record Surroundings(
            KafkaSettings kafka, SchemaBook book, Clock clock, CrashPoints crashPoints) {}

    private final String id;
    private final ConnectionSettings target;
    private final Supplier<Optional<Desired>> desired;
    private final Surroundings surroundings;
    private final Ledger ledger;
    private final Partitions partitions;
    private final Attempts attempts = new Attempts();
    private final FinaliseFacts facts = new FinaliseFacts();
    private final Thread thread;
    private volatile @Nullable ChangesWorker changes;
    private volatile @Nullable TargetSession session;
    private volatile Optional<OwnerView> view = Optional.empty();
    private volatile Optional<MigrationException> failure = Optional.empty();
    private volatile boolean fenced;
    private volatile boolean closed;

    private DatabaseOwner(
            String id,
            ConnectionSettings target,
            Supplier<Optional<Desired>> desired,
            Surroundings surroundings) {
        this.id = id;
        this.target = target;
        this.desired = desired;
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
        return view.map(known -> withProgress(known, changes));
    }

    /**
     * Before it has read the ledger, the sync knows no counters; they must not seem to fall to
     * zero.
     */
    private static OwnerView withProgress(OwnerView known, @Nullable ChangesWorker sync) {
        return sync == null || sync.durableOffset().isEmpty()
                ? known
                : OwnerPhases.withProgress(known, sync.progress());
    }

    @Override
    public OptionalLong startOffset() {
        ChangesWorker running = changes;
        return running == null ? OptionalLong.empty() : running.startOffset();
    }

    @Override
    public void accept(List<ConsumerRecord<String, byte[]>> records) {
        ChangesWorker running = changes;
        if (running != null) {
            running.accept(records);
        }
    }

    @Override
    public boolean full() {
        ChangesWorker running = changes;
        return running == null || running.full();
    }

    @Override
    public OptionalLong rewind() {
        ChangesWorker running = changes;
        return running == null ? OptionalLong.empty() : running.rewind();
    }

    @Override
    public OptionalLong durableOffset() {
        ChangesWorker running = changes;
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
            own();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (FencedException e) {
            LOG.atInfo().addKeyValue("migration", id).log("a newer owner has taken the migration");
            fenced = true;
        } catch (MigrationException e) {
            fail(e);
        } catch (SQLException e) {
            fail(failed(e));
        } catch (RuntimeException e) {
            fail(
                    new MigrationException(
                            ErrorCode.INTERNAL, "owning the migration ended by " + e, e));
        }
    }

    private void fail(MigrationException e) {
        if (!closed) {
            LOG.atError()
                    .setCause(e)
                    .addKeyValue("code", e.code())
                    .addKeyValue("migration", id)
                    .log("applying stopped");
            failure = Optional.of(e);
        }
    }

    private static MigrationException failed(SQLException e) {
        ErrorCode code =
                switch (SqlStates.state(e)) {
                    case "28P01", "28000", "3D000", "08001" -> SqlStates.connecting(e);
                    case "42501" -> ErrorCode.PERMISSION_DENIED;
                    default ->
                            SqlStates.state(e).startsWith("08")
                                    ? ErrorCode.TARGET_UNREACHABLE
                                    : ErrorCode.TARGET_FAILED;
                };
        return new MigrationException(
                code == ErrorCode.SERVER_UNREACHABLE ? ErrorCode.TARGET_UNREACHABLE : code,
                "the target answered with SQLSTATE %s: %s"
                        .formatted(SqlStates.state(e), ServerWords.of(e)),
                e);
    }

    private void own() throws SQLException, InterruptedException {
        WantedPhase phase = awaitActive();
        OptionalLong epoch = OptionalLong.empty();
        try (TargetSession taking = open("godwit " + id + " take 0")) {
            if (phase != WantedPhase.CANCEL && phase != WantedPhase.RELEASE_TARGET) {
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
            new Ownership(owning, epoch.getAsLong()).run();
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

    private WantedPhase awaitActive() throws InterruptedException {
        while (true) {
            Optional<Desired> now = desired.get().filter(Desired::active);
            if (now.isPresent()) {
                return now.get().phase();
            }
            pause();
        }
    }

    private void pause() throws InterruptedException {
        LockSupport.parkNanos(this, TICK.toNanos());
        if (closed || Thread.interrupted()) {
            throw new InterruptedException("closed");
        }
    }

    private void released(long epoch, List<String> notes) throws InterruptedException {
        LOG.atInfo().addKeyValue("migration", id).log("the target is released");
        Optional<OwnerView> before = view();
        changes = null;
        List<String> all = new ArrayList<>(before.map(OwnerView::notes).orElse(List.of()));
        all.addAll(notes);
        view =
                Optional.of(
                        new OwnerView(
                                before.map(OwnerView::epoch).orElse(epoch),
                                ApplyPhase.RELEASED,
                                before.flatMap(OwnerView::progress),
                                List.of(),
                                List.of(),
                                Set.of(),
                                Optional.empty(),
                                List.of(),
                                all));
        while (true) {
            pause();
        }
    }

    /** The time between the minting of an epoch and its end. */
    private final class Ownership {
        private final TargetSession owning;
        private final Connection connection;
        private final long epoch;
        private final Granting granting;
        private final Restoring restoring;
        private final Finalising finalising;
        private final List<String> notes = new ArrayList<>();
        private List<AttemptRow> known = List.of();
        private long lookedNanos;
        private DesiredMarkers markers = DesiredMarkers.NONE;
        private Optional<String> finalisedFor = Optional.empty();

        Ownership(TargetSession owning, long epoch) {
            this.owning = owning;
            this.connection = owning.connection();
            this.epoch = epoch;
            this.granting = new Granting(ledger, epoch, surroundings.crashPoints());
            this.restoring =
                    new Restoring(checked -> partitions.check(checked, Ledger.CHANGES, epoch));
            this.finalising = new Finalising(restoring);
        }

        void run() throws SQLException, InterruptedException {
            Desired first = wanted();
            if (releasing(first)) {
                release(first);
            }
            parkAgainIfReopened(first);
            markers = first.markers();
            ChangesWorker sync =
                    ChangesWorker.start(
                            new Stream(id, epoch, first.tables()),
                            SyncSettings.ofLanes(first.migration().getSettings().getLanes()),
                            name -> TargetSession.open(target, name).connection(),
                            surroundings.book(),
                            markers,
                            surroundings.crashPoints());
            changes = sync;
            try (LoadAsks asks = LoadAsks.follow(surroundings.kafka(), surroundings.book(), id);
                    IndexBuilds builds =
                            new IndexBuilds(
                                    target,
                                    ledger,
                                    epoch,
                                    restoring,
                                    surroundings.crashPoints(),
                                    table -> sync.attemptsChanged())) {
                while (true) {
                    Desired now = wanted();
                    if (releasing(now)) {
                        // A cancelled migration keeps its rows, and foreign keys stand on them.
                        sync.finish(FINISH_PATIENCE);
                        break;
                    }
                    if (sync.failure().isPresent()) {
                        throw sync.failure().get();
                    }
                    if (sync.fenced()) {
                        throw new FencedException(Ledger.CHANGES, epoch);
                    }
                    builds.throwFailure();
                    step(now, sync, asks, builds);
                    pause();
                }
            } finally {
                keepProgress(sync);
                sync.close();
            }
            release(wanted());
        }

        /** The sync's last progress stays known when it is gone. */
        private void keepProgress(ChangesWorker sync) {
            view = view.map(known -> withProgress(known, sync));
            changes = null;
        }

        private Desired wanted() throws InterruptedException {
            Optional<Desired> now = desired.get().filter(Desired::active);
            while (now.isEmpty()) {
                pause();
                now = desired.get().filter(Desired::active);
            }
            return now.get();
        }

        private static boolean releasing(Desired now) {
            return now.phase() == WantedPhase.CANCEL || now.phase() == WantedPhase.RELEASE_TARGET;
        }

        private void step(Desired now, ChangesWorker sync, LoadAsks asks, IndexBuilds builds)
                throws SQLException, InterruptedException {
            if (!now.markers().equals(markers)) {
                parkAgainIfReopened(now);
                markers = now.markers();
                sync.desire(markers);
            }
            boolean look = System.nanoTime() - lookedNanos >= LOOK.toNanos();
            if (look || asks.changed()) {
                known = attempts.all(connection);
                grant(now, sync, asks);
                beginBuilds(builds);
                lookedNanos = System.nanoTime();
                publish(now, builds);
            }
            finaliseIfWanted(now, sync, builds);
        }

        private void publish(Desired now, IndexBuilds builds) throws SQLException {
            List<Failure> failures =
                    StatusRecords.ordered(List.copyOf(partitions.failures(connection).values()));
            view =
                    Optional.of(
                            new OwnerView(
                                    epoch,
                                    OwnerPhases.of(now.targets(), known),
                                    Optional.empty(),
                                    now.targets(),
                                    known,
                                    builds.building(),
                                    finalisedFor,
                                    failures,
                                    notes));
        }

        private void grant(Desired now, ChangesWorker sync, LoadAsks asks)
                throws SQLException, InterruptedException {
            Map<TableName, AttemptRow> granted =
                    known.stream()
                            .collect(Collectors.toMap(AttemptRow::target, Function.identity()));
            Set<TableName> targets = now.tables().keySet();
            boolean changed = false;
            for (TableLoad ask : asks.all()) {
                TableName table = TableName.of(ask.getTarget());
                Optional<AttemptRow> before = Optional.ofNullable(granted.get(table));
                if (targets.contains(table)
                        && before.map(row ->
                                        GrantOrder.INSTANCE.compare(ask.getAttempt(), row.attempt())
                                                > 0)
                                .orElse(true)) {
                    changed |= grant(sync, table, ask.getAttempt(), before);
                }
            }
            if (changed) {
                known = attempts.all(connection);
                sync.attemptsChanged();
            }
        }

        private boolean grant(
                ChangesWorker sync, TableName table, Attempt attempt, Optional<AttemptRow> before)
                throws SQLException, InterruptedException {
            if (before.filter(row -> row.state() == AttemptRow.State.LOADED).isEmpty()) {
                return granting.grant(owning, table, attempt);
            }
            // Changes of this table are being applied: the lanes stand level while it is emptied.
            var granted = new boolean[1];
            sync.whileLevel(() -> granted[0] = granting.grant(owning, table, attempt));
            return granted[0];
        }

        private void beginBuilds(IndexBuilds builds) throws SQLException {
            for (AttemptRow attempt : known) {
                if (attempt.state() == AttemptRow.State.ENDED
                        && attempts.whole(connection, attempt.target())) {
                    builds.begin(attempt);
                }
            }
        }

        private void finaliseIfWanted(Desired now, ChangesWorker sync, IndexBuilds builds)
                throws SQLException {
            Optional<String> gate = now.markers().gate();
            if (now.phase() != WantedPhase.FINALISE
                    || gate.isEmpty()
                    || finalisedFor.equals(gate)) {
                return;
            }
            Optional<SyncProgress.Held> held = sync.progress().held();
            Optional<Sequences> sequences =
                    held.filter(at -> at.marker().equals(gate.get()))
                            .flatMap(SyncProgress.Held::sequences);
            if (sequences.isEmpty()) {
                return;
            }
            facts.begin(connection, gate.get());
            view = view.map(known -> OwnerPhases.finalising(known));
            notes.clear();
            notes.addAll(
                    finalising.finalise(connection, now.targets(), sequences.get().getSequences()));
            surroundings.crashPoints().reach(CrashPoint.BEFORE_FINALISED);
            facts.done(connection, gate.get());
            finalisedFor = gate;
            LOG.atInfo().addKeyValue("migration", id).log("the target is finalised");
            publish(now, builds);
        }

        /**
         * What was restored for a marker that control has since given up is parked again before the
         * sync goes on.
         */
        private void parkAgainIfReopened(Desired now) throws SQLException {
            finalisedFor = facts.done(connection);
            Optional<String> begun = facts.begun(connection);
            boolean reopened = begun.isPresent() && !begun.equals(now.markers().gate());
            if (reopened && !releasing(now)) {
                granting.parkAgain(owning, now.targets(), facts);
                finalisedFor = Optional.empty();
                LOG.atInfo()
                        .addKeyValue("migration", id)
                        .log("the cutover was reopened: parked again");
            }
        }

        private void release(Desired now) throws SQLException, InterruptedException {
            endLoads();
            List<String> kept =
                    now.phase() == WantedPhase.CANCEL
                            ? restoring.restoreAllGivenUp(connection)
                            : List.of();
            if (now.phase() == WantedPhase.RELEASE_TARGET) {
                // Nothing is parked any more; if a crash left something, it comes back here.
                restoring.restoreAll(connection);
            }
            connection.setAutoCommit(false);
            boolean gone = ledger.drop(connection);
            connection.commit();
            connection.setAutoCommit(true);
            surroundings.crashPoints().reach(CrashPoint.AFTER_RELEASE);
            var said = new ArrayList<String>(kept);
            if (!gone) {
                said.add(
                        "The schema godwit stays on the target, since its table rejected holds changes that were skipped.");
            }
            released(epoch, said);
        }

        /**
         * Load workers may run elsewhere and not have heard yet; their open pieces would hold the
         * tables.
         */
        private void endLoads() throws SQLException {
            try (PreparedStatement end =
                    connection.prepareStatement(
                            """
                            SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
                             WHERE datname = pg_catalog.current_database()
                               AND pg_catalog.starts_with(application_name, 'godwit ' || ?::text || ' load-')\
                            """)) {
                end.setString(1, id);
                end.execute();
            }
        }
    }
}
