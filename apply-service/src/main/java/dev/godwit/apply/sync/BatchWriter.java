// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Operation;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts the changes of a batch together by row and writes what they amount to: deletes, updates,
 * inserts of each table. Tables are independent of each other, since foreign keys and triggers are
 * silent.
 */
final class BatchWriter {
    private static final List<Operation> ORDER =
            List.of(Operation.DELETE, Operation.UPDATE, Operation.INSERT);

    private final RowWriter writer;

    BatchWriter(RowWriter writer) {
        this.writer = writer;
    }

    /**
     * Changes of one lane in log order; none of them changes a key, unless it is the only one.
     *
     * @throws RowsUnmatchedException if they do not hit exactly their rows
     */
    void write(List<RowChange> changes) throws SQLException {
        var tables = new LinkedHashMap<TableName, List<RowChange>>();
        for (RowChange change : changes) {
            tables.computeIfAbsent(change.table().name(), table -> new ArrayList<>()).add(change);
        }
        for (List<RowChange> ofTable : tables.values()) {
            if (ofTable.getFirst().table().laneClass() == LaneClass.ORDERED) {
                ordered(ofTable);
            } else {
                together(ofTable);
            }
        }
    }

    private void together(List<RowChange> changes) throws SQLException {
        var rows = HashMap.<RowKey, NetRow>newHashMap(changes.size());
        var inOrder = new ArrayList<NetRow>(changes.size());
        for (RowChange change : changes) {
            var key = new RowKey(change.old(), change.shape().match().columns(), change.hash());
            NetRow known = rows.get(key);
            if (known == null) {
                NetRow first = NetRow.first(change);
                rows.put(key, first);
                inOrder.add(first);
            } else if (!known.then(change)) {
                throw new RowsUnmatchedException("changes of one row do not follow each other");
            }
        }
        var groups = new LinkedHashMap<Work, List<NetChange>>();
        for (NetRow row : inOrder) {
            row.net()
                    .ifPresent(net ->
                            groups.computeIfAbsent(net.work(), work -> new ArrayList<>()).add(net));
        }
        for (Operation operation : ORDER) {
            for (Map.Entry<Work, List<NetChange>> group : groups.entrySet()) {
                if (group.getKey().operation() == operation) {
                    writer.write(group.getKey(), group.getValue());
                }
            }
        }
    }

    /** In log order, runs of the same work at once. */
    private void ordered(List<RowChange> changes) throws SQLException {
        var run = new ArrayList<NetChange>();
        Work running = NetChange.of(changes.getFirst()).work();
        for (RowChange change : changes) {
            NetChange net = NetChange.of(change);
            Work work = net.work();
            if (!work.equals(running)) {
                writer.writeInOrder(running, run);
                run.clear();
                running = work;
            }
            run.add(net);
        }
        writer.writeInOrder(running, run);
    }
}
