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
    Snapshot make(Connection session, List<TableLoad> asked, Map<TableName, SourceTable> catalog)
            throws SQLException, InterruptedException {
        asked.forEach(load -> load.setFilenodes(filenodes(load, catalog)));
        return begun ? again(asked, catalog) : first(session, asked, catalog);
    }

    /** Makes what a stream needs, and begins it. */
    private Snapshot first(
            Connection session, List<TableLoad> asked, Map<TableName, SourceTable> catalog)
            throws SQLException, InterruptedException {
        var slots = new Slots(context.source());
        var publication = new Publication(context.source());
        List<TableName> streamed =
                context.streamed().values().stream().flatMap(List::stream).toList();
        publication.create(session, streamed, context.carried());
        requirePublished(publication.oids(session), streamed, catalog);
        asked.forEach(load -> load.setSources(relations(load, catalog)));
        Snapshot snapshot = slots.createMain(waiting -> waitingFor = waiting);
        try {
            context.crashPoints().reach(CrashPoint.AFTER_SLOT);
            long point = snapshot.consistentPoint();
            asked.forEach(load -> load.setSnapshotLsn(point));
            begin(session, point, shapes(session, snapshot), asked);
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
    private List<SchemaChange> shapes(Connection session, Snapshot snapshot) throws SQLException {
        snapshot.begin(session);
        List<SchemaChange> shapes =
                SourceShapes.read(session, context.streamed(), context.carried());
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
    private static void requirePublished(
            Set<Long> oids, List<TableName> streamed, Map<TableName, SourceTable> catalog) {
        for (TableName name : streamed) {
            SourceTable table = catalog.get(name);
            if (table == null || !oids.contains(table.oid())) {
                throw new MigrationException(
                        ErrorCode.TABLE_REWRITTEN,
                        "table " + name + " was replaced while it was published");
            }
        }
    }

    private List<SourceRelation> relations(TableLoad load, Map<TableName, SourceTable> catalog) {
        return context.streamed().getOrDefault(TableName.of(load.getTarget()), List.of()).stream()
                .map(source ->
                        new SourceRelation(
                                source.toAvro(),
                                Objects.requireNonNull(catalog.get(source), source::toString)
                                        .oid()))
                .toList();
    }

    private List<Long> filenodes(TableLoad load, Map<TableName, SourceTable> catalog) {
        return context.streamed().getOrDefault(TableName.of(load.getTarget()), List.of()).stream()
                .map(source ->
                        Objects.requireNonNull(catalog.get(source), source::toString).filenode())
                .toList();
    }

    /** A table of the same name that is none of those published has changes that nobody sees. */
    private void requireSame(List<TableLoad> asked, Map<TableName, SourceTable> catalog) {
        for (TableLoad load : asked) {
            List<SourceRelation> recorded = load.getSources();
            if (!recorded.isEmpty() && !recorded.equals(relations(load, catalog))) {
                throw SelectedTables.another(TableName.of(load.getTarget()));
            }
        }
    }

    /** A snapshot for later attempts, recorded. */
    private Snapshot again(List<TableLoad> asked, Map<TableName, SourceTable> catalog)
            throws SQLException, InterruptedException {
        requireSame(asked, catalog);
        temporarySlots++;
        Snapshot snapshot =
                new Slots(context.source())
                        .createTemporary(temporarySlots, waiting -> waitingFor = waiting);
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
