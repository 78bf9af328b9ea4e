// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.source.SourceTable;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.SourceRelation;
import dev.godwit.schemas.TableLoad;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Which source tables' changes the stream takes, and for which target: those that the loads have
 * recorded. They change only where the log holds none or all of each transaction: within one, other
 * routes would number its changes otherwise.
 */
final class Routes {
    private final LoadContext context;
    private final Map<TableName, TableLoad> loads;
    private volatile @Nullable Change wanted;

    /**
     * Other routes, which a round waits for before it makes its snapshot.
     *
     * @param shapes of tables that the stream has not had
     */
    private record Change(
            List<SchemaChange> shapes, List<TableLoad> loads, CountDownLatch recorded) {}

    /**
     * @param loads as they are recorded, by target table
     */
    Routes(LoadContext context, Map<TableName, TableLoad> loads) {
        this.context = context;
        this.loads = loads;
    }

    /** The oid of each source table. */
    Map<TableName, Long> oids() {
        var oids = new HashMap<TableName, Long>();
        forEach((source, target) -> oids.put(TableName.of(source.getName()), source.getOid()));
        return oids;
    }

    /** The target table of each source table. */
    Map<TableName, TableName> targets() {
        var targets = new HashMap<TableName, TableName>();
        forEach((source, target) -> targets.put(TableName.of(source.getName()), target));
        return targets;
    }

    private void forEach(BiConsumer<SourceRelation, TableName> what) {
        loads.values()
                .forEach(load ->
                        load.getSources()
                                .forEach(source ->
                                        what.accept(source, TableName.of(load.getTarget()))));
    }

    /** Whether others are wanted. */
    boolean changeWanted() {
        return wanted != null;
    }

    /** Whether the stream takes the changes of tables that no longer travel. */
    boolean obsolete(Selection selection) {
        return loads.entrySet().stream()
                .anyMatch(load ->
                        !load.getValue().getSources().isEmpty()
                                && !selection.sources().containsKey(load.getKey()));
    }

    /** Records them. Only between two transactions of the source, while nobody streams. */
    void change() throws InterruptedException {
        Change change = wanted;
        if (change != null) {
            context.log().reroute(change.shapes, change.loads);
            change.loads.forEach(load -> loads.put(TableName.of(load.getTarget()), load));
            wanted = null;
            context.crashPoints().reach(CrashPoint.AFTER_REROUTE);
            change.recorded.countDown();
        }
    }

    /**
     * With the target tables whose sources no owner has recorded: once there is one that has, the
     * stream goes by the records alone.
     */
    List<TableName> withUnrecorded(Selection selection, List<TableName> due) {
        var all = new LinkedHashSet<>(due);
        all.retainAll(selection.sources().keySet());
        for (TableName target : selection.sources().keySet()) {
            TableLoad load = loads.get(target);
            if (load != null && load.getSources().isEmpty()) {
                all.add(target);
            }
        }
        return List.copyOf(all);
    }

    /**
     * Returns once the stream takes the changes of all tables that these attempts read, and of none
     * that no longer travels.
     *
     * @param shapes of tables that it has not had
     * @return the attempts with their sources
     */
    List<TableLoad> await(
            Selection selection,
            List<TableLoad> asked,
            Map<TableName, SourceTable> catalog,
            List<SchemaChange> shapes)
            throws InterruptedException {
        List<TableLoad> routed =
                asked.stream().map(load -> routed(load, selection, catalog)).toList();
        var all = new ArrayList<TableLoad>(routed);
        loads.forEach((target, load) -> {
            boolean travels = selection.sources().containsKey(target);
            if (travels == load.getSources().isEmpty() && !asked.contains(load)) {
                all.add(routed(load, selection, catalog));
            }
        });
        var change = new Change(shapes, all, new CountDownLatch(1));
        wanted = change;
        change.recorded.await();
        return routed;
    }

    /** With the sources that it has now; none if it no longer travels. */
    private static TableLoad routed(
            TableLoad load, Selection selection, Map<TableName, SourceTable> catalog) {
        return TableLoad.newBuilder(load)
                .setSources(selection.relations(TableName.of(load.getTarget()), catalog))
                .setFilenodes(List.of())
                .build();
    }
}
