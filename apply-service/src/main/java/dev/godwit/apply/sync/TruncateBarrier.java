// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Lanes.Step;
import dev.godwit.apply.ledger.Position;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Truncate;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Empties tables as the source did, while all lanes stand level. */
final class TruncateBarrier {
    private final Stream stream;
    private final LaneSet lanes;
    private final LaneSession owner;
    private final OpenTransaction transaction;
    private final TableBook tables;
    private final DurablePosition durable;
    private final TableShapes shapes;
    private final Standing standing;

    TruncateBarrier(ChangesReader.Parts parts, TableShapes shapes, Standing standing) {
        this.stream = parts.stream();
        this.lanes = parts.lanes();
        this.owner = parts.owner();
        this.transaction = parts.transaction();
        this.tables = parts.tables();
        this.durable = parts.durable();
        this.shapes = shapes;
        this.standing = standing;
    }

    /**
     * Takes the next change of the log, which is a truncate; while the sync holds, it is only
     * counted.
     *
     * @param at its record's offset
     */
    void truncate(Truncate truncate, long at) throws SQLException, InterruptedException {
        transaction.begin(truncate.getFinalLsn());
        empty(truncate, at);
        if (truncate.getLastInTransaction()) {
            transaction.end();
        }
    }

    private void empty(Truncate truncate, long at) throws SQLException, InterruptedException {
        var stands = new Position(truncate.getFinalLsn(), truncate.getOrdinal());
        Hold hold = standing.hold();
        if (hold != null) {
            hold.behind(truncate.getRelations().size());
            return;
        }
        if (lanes.allDone(stands)) {
            return;
        }
        List<RowShape> all = shapes.of(truncate.getRelations());
        lanes.barrierAt(stands);
        var tallies = new Tallies();
        all.forEach(shape -> tallies.addTruncate(shape.table().name()));
        List<RowShape> due =
                all.stream()
                        .filter(shape ->
                                Long.compareUnsigned(truncate.getFinalLsn(), shape.snapshotLsn())
                                        >= 0)
                        .toList();
        try {
            owner.level(
                    new Step(stands, at + 1, truncate.getCommitMicros()),
                    tallies,
                    lanes.size(),
                    connection -> new Truncation(this::sources).run(connection, due, stands));
        } catch (SQLException e) {
            if (SqlStates.passing(e) || SqlStates.state(e).isEmpty()) {
                throw e;
            }
            throw LaneSession.refused(e, "the TRUNCATE of %s at %s".formatted(names(due), stands));
        }
        standing.passed(stands);
        durable.committed();
    }

    /**
     * Those that control wants and the log has brought. One of them may have been announced for
     * another target table: its rows are loaded into this one before a change of it tells so.
     */
    private Set<TableName> sources(TableName target) {
        Set<TableName> sources =
                new HashSet<>(stream.sources().get().getOrDefault(target, Set.of()));
        sources.retainAll(tables.sources());
        return sources;
    }

    private static List<TableName> names(List<RowShape> shapes) {
        return shapes.stream().map(shape -> shape.table().name()).distinct().toList();
    }
}
