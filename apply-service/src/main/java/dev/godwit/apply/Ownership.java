// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.FencedException;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.sync.ChangesWorker;
import dev.godwit.apply.sync.DesiredMarkers;
import dev.godwit.apply.sync.Stream;
import dev.godwit.apply.sync.SyncSettings;
import dev.godwit.apply.target.Restoring;
import dev.godwit.apply.target.TargetSession;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.WantedPhase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The time between the minting of an epoch and its end: runs the sync, has attempts granted,
 * indexes built, the target finalised and at last released, all as control wants it.
 */
final class Ownership {
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final Duration FINISH_PATIENCE = Duration.ofSeconds(5);
    private static final Duration ASK_PATIENCE = Duration.ofSeconds(10);

    /** What an ownership works with, whatever its epoch. */
    record Parts(
            ConnectionSettings target,
            Ledger ledger,
            DatabaseOwner.Surroundings surroundings,
            DesiredWatch watch,
            OwnerBoard board) {}

    private final ConnectionSettings target;
    private final Ledger ledger;
    private final DatabaseOwner.Surroundings surroundings;
    private final DesiredWatch watch;
    private final OwnerBoard board;
    private final Connection connection;
    private final long epoch;
    private final Partitions partitions;
    private final Attempts attempts = new Attempts();
    private final Granting granting;
    private final Restoring restoring;
    private final Finaliser finaliser;
    private List<AttemptRow> known = List.of();
    private long lookedNanos;
    private DesiredMarkers markers = DesiredMarkers.NONE;

    /**
     * An ownership that has not begun.
     *
     * @param owning its session, which the caller closes
     * @param epoch minted for it alone
     */
    Ownership(Parts parts, TargetSession owning, long epoch) {
        this.target = parts.target();
        this.ledger = parts.ledger();
        this.surroundings = parts.surroundings();
        this.watch = parts.watch();
        this.board = parts.board();
        this.connection = owning.connection();
        this.epoch = epoch;
        this.partitions = new Partitions(ledger);
        this.granting = new Granting(owning, ledger, epoch, surroundings.crashPoints());
        this.restoring = new Restoring(checked -> partitions.check(checked, Ledger.CHANGES, epoch));
        this.finaliser =
                new Finaliser(
                        connection, granting, restoring, board, ledger, surroundings.crashPoints());
    }

    /**
     * Returns when the target is released, with what is to be said about that.
     *
     * @throws FencedException if a newer owner has taken the migration
     */
    List<String> run() throws SQLException, InterruptedException {
        Desired first = watch.wanted();
        if (first.releasing()) {
            return release(first);
        }
        finaliser.parkAgainIfReopened(first);
        markers = first.markers();
        try (LoadAsks asks =
                LoadAsks.follow(surroundings.kafka(), surroundings.book(), ledger.databaseId())) {
            grantWishes(first, asks);
            sync(first, asks);
        }
        return release(watch.wanted());
    }

    /** Returns when the target is to be released. */
    private void sync(Desired first, LoadAsks asks) throws SQLException, InterruptedException {
        ChangesWorker sync =
                ChangesWorker.start(
                        new Stream(ledger.databaseId(), epoch, () -> watch.latest(first).tables()),
                        SyncSettings.ofLanes(first.migration().getSettings().getLanes()),
                        name -> TargetSession.open(target, name).connection(),
                        surroundings.book(),
                        markers,
                        surroundings.crashPoints());
        board.begun(sync);
        try (IndexBuilds builds =
                new IndexBuilds(
                        target,
                        ledger,
                        epoch,
                        restoring,
                        surroundings.crashPoints(),
                        table -> sync.attemptsChanged())) {
            while (true) {
                Desired now = watch.wanted();
                if (now.releasing()) {
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
                watch.pause();
            }
        } finally {
            board.ended(sync);
            sync.close();
        }
    }

    /**
     * What the operator wants anew is granted before the sync comes to it: it may be what a former
     * sync has stopped at.
     */
    private void grantWishes(Desired first, LoadAsks asks)
            throws SQLException, InterruptedException {
        Map<TableName, Integer> wishes = first.wishes();
        if (wishes.isEmpty() || !grants(first)) {
            return;
        }
        long until = System.nanoTime() + ASK_PATIENCE.toNanos();
        while (!asks.hold(wishes) && until - System.nanoTime() > 0) {
            watch.pause();
        }
        granting.grant(
                asks.all(),
                wishes.keySet(),
                attempts.all(connection),
                ChangesWorker.LevelAction::run);
    }

    private void step(Desired now, ChangesWorker sync, LoadAsks asks, IndexBuilds builds)
            throws SQLException, InterruptedException {
        if (!now.markers().equals(markers)) {
            finaliser.parkAgainIfReopened(now);
            markers = now.markers();
            sync.desire(markers);
        }
        boolean look = System.nanoTime() - lookedNanos >= LOOK.toNanos();
        if (look || asks.changed()) {
            known = attempts.all(connection);
            if (grants(now)) {
                grant(now, sync, asks);
            }
            beginBuilds(builds);
            lookedNanos = System.nanoTime();
            show(now, builds);
        }
        if (now.phase() == WantedPhase.FINALISE
                && loaded(now)
                && finaliser.finaliseIfWanted(now, sync)) {
            show(now, builds);
        }
    }

    /**
     * Behind the gate no table is emptied once all are loaded: control may have compared it
     * already, and release the target before it is loaded again.
     */
    private boolean grants(Desired now) {
        return now.phase() != WantedPhase.FINALISE || !loaded(now);
    }

    private boolean loaded(Desired now) {
        return OwnerPhases.of(now.loads(), known) == ApplyPhase.SYNCING;
    }

    private void grant(Desired now, ChangesWorker sync, LoadAsks asks)
            throws SQLException, InterruptedException {
        if (granting.grant(asks.all(), now.loads(), known, sync::whileLevel)) {
            known = attempts.all(connection);
            sync.attemptsChanged();
        }
    }

    private void beginBuilds(IndexBuilds builds) throws SQLException {
        for (AttemptRow attempt : known) {
            if (attempt.state() == AttemptRow.State.ENDED
                    && attempts.whole(connection, attempt.target())) {
                builds.begin(attempt);
            }
        }
    }

    private void show(Desired now, IndexBuilds builds) throws SQLException {
        List<Failure> failures =
                StatusRecords.ordered(List.copyOf(partitions.failures(connection).values()));
        board.show(
                new OwnerView(
                        epoch,
                        OwnerPhases.of(now.loads(), known),
                        Optional.empty(),
                        now.loads(),
                        known,
                        builds.building(),
                        finaliser.finalisedFor(),
                        failures,
                        finaliser.notes()));
    }

    private List<String> release(Desired now) throws SQLException {
        return new TargetRelease(connection, ledger, restoring, surroundings.crashPoints())
                .release(now.phase());
    }
}
