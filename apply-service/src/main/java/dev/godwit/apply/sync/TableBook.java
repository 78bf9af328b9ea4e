// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.Lanes;
import dev.godwit.apply.ledger.Shapes;
import dev.godwit.apply.sync.RowShape.Match;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SchemaChange;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the reader knows of each table: its announced shape, whether it is loaded and as of which
 * LSN, and how its rows are found and shared out.
 */
final class TableBook {
    private final Lanes lanes;
    private final Shapes shapes;
    private final Attempts attempts = new Attempts();
    private final Map<Integer, SchemaChange> announced = new HashMap<>();
    private final Map<TableName, AttemptRow> loaded = new HashMap<>();
    private final Map<Integer, RowShape> resolved = new HashMap<>();

    TableBook(Lanes lanes, Shapes shapes) {
        this.lanes = lanes;
        this.shapes = shapes;
    }

    void readShapes(Connection connection) throws SQLException {
        announced.putAll(shapes.all(connection));
    }

    /** Reads the attempts anew; a table that has been granted or loaded again is looked up anew. */
    void readAttempts(Connection connection) throws SQLException {
        var now = new HashMap<TableName, AttemptRow>();
        for (AttemptRow row : attempts.all(connection)) {
            if (row.state() == AttemptRow.State.LOADED && row.snapshotLsn().isPresent()) {
                now.put(row.target(), row);
            }
        }
        resolved.values()
                .removeIf(shape -> {
                    TableName target = shape.table().name();
                    AttemptRow before = loaded.get(target);
                    AttemptRow after = now.get(target);
                    return before == null
                            || after == null
                            || !before.attempt().equals(after.attempt());
                });
        loaded.clear();
        loaded.putAll(now);
    }

    @Nullable SchemaChange announced(int relation) {
        return announced.get(relation);
    }

    /** The source tables that have been announced, for whichever target table. */
    Set<TableName> sources() {
        return announced.values().stream()
                .map(shape -> TableName.of(shape.getSource()))
                .collect(Collectors.toSet());
    }

    /** In the caller's transaction, while all lanes stand level. */
    void announce(Connection connection, SchemaChange shape) throws SQLException {
        shapes.save(connection, shape);
        lanes.forgetLaneClass(connection, TableName.of(shape.getTarget()));
    }

    /** After that transaction. */
    void announced(SchemaChange shape) {
        announced.put(shape.getRelation(), shape);
        // It may have gone to another target table until now.
        resolved.remove(shape.getRelation());
        forget(TableName.of(shape.getTarget()));
    }

    private void forget(TableName target) {
        resolved.values().removeIf(shape -> shape.table().name().equals(target));
    }

    boolean isLoaded(TableName target) {
        return loaded.containsKey(target);
    }

    @Nullable RowShape resolved(int relation) {
        return resolved.get(relation);
    }

    /**
     * Looks a loaded table up in the target's catalog, and settles its class if the ledger has
     * none: then no lane holds a change of it, since a class is forgotten only while all stand
     * level.
     *
     * @return empty if another source of the same target is found by other columns: then the class
     *     must change, with all lanes level, and the question be asked again
     */
    Optional<RowShape> resolve(Connection connection, SchemaChange shape) throws SQLException {
        TableName target = TableName.of(shape.getTarget());
        AttemptRow attempt = loaded.get(target);
        if (attempt == null) {
            throw new IllegalStateException(target + " is not loaded");
        }
        var catalog = new TargetCatalog(connection);
        TargetTable table = catalog.table(target);
        Match match = catalog.match(table, shape);
        Optional<LaneClass> stored = lanes.laneClass(connection, target).map(LaneClass::valueOf);
        LaneClass laneClass = stored.orElse(catalog.classify(table, match));
        if (laneClass != LaneClass.ORDERED && differs(target, match)) {
            return Optional.empty();
        }
        if (stored.isEmpty()) {
            lanes.saveLaneClass(connection, target, laneClass.name());
        }
        var found =
                new RowShape(
                        shape, table.with(laneClass), match, attempt.snapshotLsn().orElseThrow());
        resolved.put(shape.getRelation(), found);
        return Optional.of(found);
    }

    private boolean differs(TableName target, Match match) {
        return resolved.values().stream()
                .anyMatch(other ->
                        other.table().name().equals(target) && !other.match().equals(match));
    }

    /** Puts the table in one lane in log order from here on. Only while all lanes stand level. */
    void order(Connection connection, TableName target) throws SQLException {
        lanes.saveLaneClass(connection, target, LaneClass.ORDERED.name());
        forget(target);
    }
}
