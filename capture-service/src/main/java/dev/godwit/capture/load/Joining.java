// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.source.Publication;
import dev.godwit.capture.source.Snapshot;
import dev.godwit.capture.source.SourceShapes;
import dev.godwit.capture.source.SourceTable;
import dev.godwit.capture.wal.SelectedTables;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.SourceRelation;
import dev.godwit.schemas.TableLoad;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Brings source tables into a stream that runs, before anything of them is read. A walsender looks
 * once whether a table is published, and older servers do not look again when the first change of
 * it that they meet is older than its publication. So this waits until all transactions of that age
 * have ended, and the log is complete behind them: a stream that begins there meets none.
 */
final class Joining {
    private static final Duration LOOK = Duration.ofMillis(100);

    private final LoadContext context;
    private final RoundSnapshots snapshots;

    Joining(LoadContext context, RoundSnapshots snapshots) {
        this.context = context;
        this.snapshots = snapshots;
    }

    /**
     * Whether one of these target tables has other sources than its load has recorded.
     *
     * @param catalog their sources as they are now
     * @throws MigrationException SCHEMA_CHANGED if a recorded name is another table's now
     */
    static boolean differ(
            Collection<TableName> targets,
            Selection selection,
            Map<TableName, TableLoad> loads,
            Map<TableName, SourceTable> catalog) {
        requireNoneReplaced(loads.values(), catalog);
        return targets.stream()
                .anyMatch(target -> {
                    TableLoad load = loads.get(target);
                    return load == null
                            || !load.getSources().equals(selection.relations(target, catalog));
                });
    }

    private static void requireNoneReplaced(
            Collection<TableLoad> loads, Map<TableName, SourceTable> catalog) {
        for (TableLoad load : loads) {
            for (SourceRelation recorded : load.getSources()) {
                SourceTable now = catalog.get(TableName.of(recorded.getName()));
                if (now != null && now.oid() != recorded.getOid()) {
                    throw SelectedTables.another(now.name());
                }
            }
        }
    }

    /**
     * Publishes those of the tables that the stream does not have, and returns once it can have
     * them.
     *
     * @param session an ordinary session on the source, in autocommit
     * @param catalog the tables
     * @return the shapes of those, as of a moment that the log is complete up to
     * @throws InterruptedException also if the load is closed meanwhile
     */
    List<SchemaChange> join(
            Connection session,
            Selection selection,
            Map<TableName, TableLoad> loads,
            Map<TableName, SourceTable> catalog)
            throws SQLException, InterruptedException {
        Map<TableName, SourceTable> joining = notHad(loads, catalog);
        if (joining.isEmpty()) {
            return List.of();
        }
        publish(session, selection, joining);
        context.crashPoints().reach(CrashPoint.AFTER_PUBLISH);
        List<SchemaChange> shapes;
        long point;
        // Making a slot waits for every transaction that is older.
        try (Snapshot waypoint = snapshots.temporary()) {
            point = waypoint.consistentPoint();
            shapes = shapes(session, waypoint, selection, joining);
        }
        while (Long.compareUnsigned(context.log().progress().flushableLsn(), point) < 0) {
            context.grants().awaitNews(LOOK);
        }
        return shapes;
    }

    private static Map<TableName, SourceTable> notHad(
            Map<TableName, TableLoad> loads, Map<TableName, SourceTable> catalog) {
        Set<Long> had =
                loads.values().stream()
                        .flatMap(load -> load.getSources().stream())
                        .map(SourceRelation::getOid)
                        .collect(Collectors.toSet());
        var joining = new HashMap<>(catalog);
        joining.values().removeIf(table -> had.contains(table.oid()));
        return joining;
    }

    private void publish(
            Connection session, Selection selection, Map<TableName, SourceTable> joining)
            throws SQLException {
        var publication = new Publication(context.source());
        Set<Long> published = publication.oids(session);
        var again = new HashSet<TableName>();
        joining.forEach((name, table) -> {
            if (published.contains(table.oid())) {
                again.add(name);
            }
        });
        publication.add(session, again, joining.keySet(), selection.carried());
        RoundSnapshots.requirePublished(publication.oids(session), joining.keySet(), joining);
    }

    private static List<SchemaChange> shapes(
            Connection session,
            Snapshot waypoint,
            Selection selection,
            Map<TableName, SourceTable> joining)
            throws SQLException {
        var sources = new LinkedHashMap<TableName, List<TableName>>();
        selection
                .sources()
                .forEach((target, names) ->
                        sources.put(target, names.stream().filter(joining::containsKey).toList()));
        waypoint.begin(session);
        List<SchemaChange> shapes = SourceShapes.read(session, sources, selection.carried());
        session.rollback();
        session.setAutoCommit(true);
        for (SchemaChange shape : shapes) {
            TableName name = TableName.of(shape.getSource());
            SourceTable table = joining.get(name);
            if (table == null || (int) table.oid() != shape.getRelation()) {
                throw new MigrationException(
                        ErrorCode.TABLE_REWRITTEN,
                        "table " + name + " was replaced while it was published");
            }
        }
        return shapes;
    }
}
