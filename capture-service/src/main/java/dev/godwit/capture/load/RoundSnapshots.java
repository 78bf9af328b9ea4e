// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.publish.OwnerFencedException;
import dev.godwit.capture.source.Publication;
import dev.godwit.capture.source.Slots;
import dev.godwit.capture.source.Snapshot;
import dev.godwit.capture.source.SourceShapes;
import dev.godwit.capture.source.SourceTable;
import dev.godwit.capture.wal.SelectedTables;
import dev.godwit.capture.wal.SourceIdentity;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.SourceRelation;
import dev.godwit.schemas.StreamStart;
import dev.godwit.schemas.StreamState;
import dev.godwit.schemas.TableLoad;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Makes the snapshot that a round of attempts reads, and records its LSN before anybody reads it.
 * As long as no stream has begun it makes publication and main slot, begins the stream, and the
 * snapshot is the slot's; every later one comes from a temporary slot of its own.
 */
final class RoundSnapshots {
    private final LoadContext context;
    private volatile boolean begun;
    private volatile List<String> waitingFor = List.of();
    private int temporarySlots;

    RoundSnapshots(LoadContext context) {
        this.context = context;
        this.begun = context.log().stream().isPresent();
    }

    /** Whether the stream has begun: slot and publication stand, and the log knows it. */
    boolean begun() {
        return begun;
    }

    /** The transactions that slot creation waits for. */
    List<String> waitingFor() {
        return waitingFor;
    }

    /**
     * The next one; its LSN and the tables' files are set in the attempts asked for. The caller
     * closes it.
     *
     * @param session an ordinary session on the source, in autocommit
     * @param asked attempts that apply has granted
     * @param catalog their source tables as they are now
     * @throws OwnerFencedException if a newer owner has the log: what was made here is gone again
     * @throws MigrationException with the code of what the source refuses, or of a table that is no
     *     longer the one published
     */
    Snapshot make(
            Connection session,
            Selection selection,
            List<TableLoad> asked,
            Map<TableName, SourceTable> catalog)
            throws SQLException, InterruptedException {
        asked.forEach(load -> load.setFilenodes(filenodes(load, selection, catalog)));
        return begun ? again(selection, asked, catalog) : first(session, selection, asked, catalog);
    }

    /** Makes what a stream needs, and begins it. */
    private Snapshot first(
            Connection session,
            Selection selection,
            List<TableLoad> asked,
            Map<TableName, SourceTable> catalog)
            throws SQLException, InterruptedException {
        var slots = new Slots(context.source());
        var publication = new Publication(context.source());
        publication.create(session, selection.allSources(), selection.carried());
        requirePublished(publication.oids(session), selection.allSources(), catalog);
        asked.forEach(load ->
                load.setSources(selection.relations(TableName.of(load.getTarget()), catalog)));
        Snapshot snapshot = slots.createMain(waiting -> waitingFor = waiting);
        try {
            context.crashPoints().reach(CrashPoint.AFTER_SLOT);
            long point = snapshot.consistentPoint();
            asked.forEach(load -> load.setSnapshotLsn(point));
            begin(session, point, shapes(session, snapshot, selection), asked);
            begun = true;
            return snapshot;
        } catch (OwnerFencedException e) {
            snapshot.close();
            try {
                slots.dropMain(session, snapshot.consistentPoint());
            } catch (SQLException left) {
                e.addSuppressed(left);
            }
            throw e;
        } catch (SQLException | InterruptedException | RuntimeException e) {
            snapshot.close();
            throw e;
        }
    }

    /** As they are in the snapshot: what differs from them in the WAL has changed since. */
    private static List<SchemaChange> shapes(
            Connection session, Snapshot snapshot, Selection selection) throws SQLException {
        snapshot.begin(session);
        List<SchemaChange> shapes =
                SourceShapes.read(session, selection.sources(), selection.carried());
        session.rollback();
        session.setAutoCommit(true);
        return shapes;
    }

    private void begin(
            Connection session, long point, List<SchemaChange> shapes, List<TableLoad> asked)
            throws SQLException, InterruptedException {
        SourceIdentity identity = SourceIdentity.read(session);
        context.log()
                .begin(
                        new StreamStart(
                                identity.systemIdentifier(), point, context.source().objectName()),
                        StreamState.newBuilder()
                                .setOwnerEpoch(context.log().epoch())
                                .setSystemIdentifier(identity.systemIdentifier())
                                .setTimeline(identity.timeline())
                                .setConsistentPoint(point)
                                .setFinalLsn(0)
                                .setOrdinal(-1)
                                .setFlushableLsn(point)
                                .setCaptured(new Counters(0L, 0L, 0L, 0L))
                                .build(),
                        shapes,
                        asked);
    }

    /** The publication looks names up a moment after the catalog was read. */
    static void requirePublished(
            Set<Long> oids, Collection<TableName> names, Map<TableName, SourceTable> catalog) {
        for (TableName name : names) {
            SourceTable table = catalog.get(name);
            if (table == null || !oids.contains(table.oid())) {
                throw new MigrationException(
                        ErrorCode.TABLE_REWRITTEN,
                        "table " + name + " was replaced while it was published");
            }
        }
    }

    private static List<Long> filenodes(
            TableLoad load, Selection selection, Map<TableName, SourceTable> catalog) {
        return selection.streamed(TableName.of(load.getTarget())).stream()
                .map(source ->
                        Objects.requireNonNull(catalog.get(source), source::toString).filenode())
                .toList();
    }

    /** A table of the same name that is none of those published has changes that nobody sees. */
    private static void requireSame(
            Selection selection, List<TableLoad> asked, Map<TableName, SourceTable> catalog) {
        for (TableLoad load : asked) {
            List<SourceRelation> recorded = load.getSources();
            TableName target = TableName.of(load.getTarget());
            if (!recorded.isEmpty() && !recorded.equals(selection.relations(target, catalog))) {
                throw SelectedTables.another(target);
            }
        }
    }

    /** A snapshot of this moment, of which nobody knows. The caller closes it. */
    Snapshot temporary() throws SQLException, InterruptedException {
        temporarySlots++;
        return new Slots(context.source())
                .createTemporary(temporarySlots, waiting -> waitingFor = waiting);
    }

    /** A snapshot for later attempts, recorded. */
    private Snapshot again(
            Selection selection, List<TableLoad> asked, Map<TableName, SourceTable> catalog)
            throws SQLException, InterruptedException {
        requireSame(selection, asked, catalog);
        Snapshot snapshot = temporary();
        try {
            asked.forEach(load -> load.setSnapshotLsn(snapshot.consistentPoint()));
            context.log().record(asked);
            return snapshot;
        } catch (InterruptedException | RuntimeException e) {
            snapshot.close();
            throw e;
        }
    }
}
