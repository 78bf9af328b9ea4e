// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Lanes.Step;
import dev.godwit.apply.ledger.Position;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** One ordered writer: takes what waits for it and commits it batch by batch, until interrupted. */
final class Lane {
    /** A transaction that a deferred check needs whole is held in memory up to so many batches. */
    private static final int CUT_BATCHES_MAX = 4;

    private final LaneQueue queue;
    private final LaneSession session;
    private final SyncSettings settings;
    private final OpenTransaction transaction;
    private final Runnable committed;
    private Position position;
    private long offset;

    Lane(
            LaneSession session,
            SyncSettings settings,
            OpenTransaction transaction,
            Position position,
            long offset,
            Runnable committed) {
        this.queue = new LaneQueue(2 * settings.batchRows(), 2 * settings.batchBytes());
        this.session = session;
        this.settings = settings;
        this.transaction = transaction;
        this.position = position;
        this.offset = offset;
        this.committed = committed;
    }

    LaneQueue queue() {
        return queue;
    }

    LaneSession session() {
        return session;
    }

    void run() throws SQLException, InterruptedException {
        while (true) {
            List<LaneItem> items = queue.take(settings.batchRows(), settings.batchBytes());
            try {
                batch(items);
            } catch (DeferredCheckException cut) {
                toItsEnd(items, cut);
            }
        }
    }

    /**
     * What the source checks at its commit holds there and not where a batch happens to end: does
     * the batch again with the rest of the source's transaction.
     */
    private void toItsEnd(List<LaneItem> begun, DeferredCheckException cut)
            throws SQLException, InterruptedException {
        if (begun.getLast() instanceof LaneItem.Barrier) {
            throw cut.refusal();
        }
        List<LaneItem> rest =
                queue.takeRest(
                        begun.getLast().transaction(),
                        transaction,
                        CUT_BATCHES_MAX * settings.batchBytes());
        if (rest.isEmpty()) {
            throw cut.refusal();
        }
        var whole = new ArrayList<>(begun);
        whole.addAll(rest);
        try {
            batch(whole);
        } catch (DeferredCheckException again) {
            throw again.refusal();
        }
    }

    private void batch(List<LaneItem> items) throws SQLException {
        var changes = new ArrayList<RowChange>(items.size());
        var tallies = new Tallies();
        Position reached = position;
        long next = offset;
        long commitMicros = 0;
        for (LaneItem item : items) {
            switch (item) {
                case RowChange change -> {
                    changes.add(change);
                    tallies.add(change.table().name(), change.operation());
                    reached = change.position();
                    next = change.offset() + 1;
                    commitMicros = change.commitMicros();
                }
                case LaneItem.Settled settled -> {
                    tallies.add(settled.table(), settled.operation());
                    reached = settled.position();
                    next = settled.offset() + 1;
                    commitMicros = settled.commitMicros();
                }
                case LaneItem.Level level -> {
                    reached = reached.compareTo(level.position()) < 0 ? level.position() : reached;
                    next = Math.max(next, level.offset());
                }
                case LaneItem.Barrier barrier -> {}
            }
        }
        if (next > offset || !reached.equals(position)) {
            session.apply(changes, new Step(reached, next, commitMicros), tallies);
            position = reached;
            offset = next;
            committed.run();
        }
        if (items.getLast() instanceof LaneItem.Barrier barrier) {
            barrier.reached().countDown();
        }
    }
}
