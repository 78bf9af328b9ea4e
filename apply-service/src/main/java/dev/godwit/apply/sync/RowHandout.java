// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Lanes.Step;
import dev.godwit.apply.sync.ChangeDecoder.Raw;
import java.sql.SQLException;

/**
 * Hands each change of a row to its lane, unless it is done there already or in the table's
 * snapshot.
 */
final class RowHandout {
    private final LaneSet lanes;
    private final LaneSession owner;
    private final OpenTransaction transaction;
    private final DurablePosition durable;
    private final TableShapes shapes;
    private final Standing standing;

    RowHandout(ChangesReader.Parts parts, TableShapes shapes, Standing standing) {
        this.lanes = parts.lanes();
        this.owner = parts.owner();
        this.transaction = parts.transaction();
        this.durable = parts.durable();
        this.shapes = shapes;
        this.standing = standing;
    }

    /**
     * Takes the next change of the log; while the sync holds, it is only counted.
     *
     * @param at its record's offset
     * @param bytes of its record
     */
    void change(Raw raw, long at, long bytes) throws SQLException, InterruptedException {
        transaction.begin(raw.position().finalLsn());
        handOut(raw, at, bytes);
        if (raw.lastInTransaction()) {
            transaction.end();
        }
    }

    private void handOut(Raw raw, long at, long bytes) throws SQLException, InterruptedException {
        Hold hold = standing.hold();
        if (hold != null) {
            hold.behind(1);
            return;
        }
        if (lanes.allDone(raw.position())) {
            return;
        }
        RowShape shape = shapes.of(raw.relation());
        RowChange change = RowChange.of(raw, shape, at, bytes);
        int lane = lane(shape, change.hash());
        standing.passed(raw.position());
        if (lanes.done(lane, raw.position())) {
            return;
        }
        if (Long.compareUnsigned(raw.position().finalLsn(), shape.snapshotLsn()) < 0) {
            lanes.put(
                    lane,
                    new LaneItem.Settled(
                            shape.table().name(),
                            raw.operation(),
                            raw.position(),
                            at,
                            raw.commitMicros()));
        } else if (change.keyChange() && lane(shape, shape.hash(change.after())) != lane) {
            across(change);
        } else {
            lanes.put(lane, change);
        }
    }

    private int lane(RowShape shape, int hash) {
        return lanes.of(shape.table().laneClass() == LaneClass.SPREAD ? hash : shape.tableHash());
    }

    /** A row leaves one lane for another: both must have done all that came before. */
    private void across(RowChange change) throws SQLException, InterruptedException {
        lanes.barrierAt(change.position());
        var tallies = new Tallies();
        tallies.add(change.table().name(), change.operation());
        owner.applyLevel(
                change,
                new Step(change.position(), change.offset() + 1, change.commitMicros()),
                tallies,
                lanes.size());
        durable.committed();
    }
}
