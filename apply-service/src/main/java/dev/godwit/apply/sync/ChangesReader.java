// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Facts;
import dev.godwit.apply.ledger.Lanes.Step;
import dev.godwit.apply.ledger.Position;
import dev.godwit.apply.sync.ChangeDecoder.Raw;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Change;
import dev.godwit.schemas.ChangeFragment;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.OldRow;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.StreamStart;
import dev.godwit.schemas.Truncate;
import dev.godwit.schemas.codec.RecordCodec;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Reads the changes log in order and hands each change to its lane; what all lanes must have
 * reached first (barriers) it does itself. It runs on one thread.
 */
final class ChangesReader {
    private static final Duration LEVEL_EVERY = Duration.ofMillis(200);
    private static final Duration IDLE = Duration.ofSeconds(1);

    /** A change wider than this is joined only after the lanes have let go of the one before. */
    private static final long WIDE_BYTES = 4 << 20;

    private final Stream stream;
    private final SyncSettings settings;
    private final RecordCodec codec;
    private final Inbox inbox;
    private final Rest rest;
    private final Signals signals;
    private final LaneSet lanes;
    private final LaneSession owner;
    private final OpenTransaction transaction;
    private final TableBook tables;
    private final DurablePosition durable;
    private final ChangeDecoder decoder = new ChangeDecoder();
    private final Fragments fragments = new Fragments();
    private final Facts facts = new Facts();

    private Position position;
    private long offset;
    private long leveledOffset;
    private long leveledAt = System.nanoTime();
    private @Nullable Hold hold;

    /** What other threads tell the reader and read from it. */
    interface Signals {
        DesiredMarkers desired();

        /** Whether the attempts have changed since this was asked last. */
        boolean takeAttemptsChanged();

        /** Whether nothing more is to be handed out behind the transaction that is open. */
        boolean ending();

        void held(@Nullable Hold hold);
    }

    /** What the reader works with. */
    record Parts(
            Stream stream,
            SyncSettings settings,
            RecordCodec codec,
            Inbox inbox,
            Rest rest,
            Signals signals,
            LaneSet lanes,
            LaneSession owner,
            OpenTransaction transaction,
            TableBook tables,
            DurablePosition durable) {}

    ChangesReader(Parts parts, Position position, long offset) {
        this.stream = parts.stream();
        this.settings = parts.settings();
        this.codec = parts.codec();
        this.inbox = parts.inbox();
        this.rest = parts.rest();
        this.signals = parts.signals();
        this.lanes = parts.lanes();
        this.owner = parts.owner();
        this.transaction = parts.transaction();
        this.tables = parts.tables();
        this.durable = parts.durable();
        this.position = position;
        this.offset = offset;
        this.leveledOffset = offset;
    }

    /** Reads the ledger's own state, before the first record. */
    void open() throws SQLException {
        Optional<Hold> held =
                owner.alone(connection -> {
                    tables.readShapes(connection);
                    tables.readAttempts(connection);
                    return facts.get(connection, Hold.FACT).map(Hold::parse);
                });
        hold = held.orElse(null);
        signals.held(hold);
        durable.advance();
    }

    /**
     * Returns when it was asked to end, stands at a transaction's end, and all lanes have
     * committed.
     */
    void run() throws SQLException, InterruptedException {
        while (!atItsEnd()) {
            heed();
            Optional<ConsumerRecord<String, byte[]>> next = inbox.next(untilLevel());
            if (next.isPresent()) {
                record(next.get());
            }
            if (offset > leveledOffset && System.nanoTime() - leveledAt >= LEVEL_EVERY.toNanos()) {
                level();
            }
        }
        lanes.barrier();
    }

    private boolean atItsEnd() {
        return signals.ending() && transaction.none() && !lanes.anyBeyond(position);
    }

    private Duration untilLevel() {
        if (offset <= leveledOffset) {
            return IDLE;
        }
        long left = LEVEL_EVERY.toNanos() - (System.nanoTime() - leveledAt);
        return Duration.ofNanos(Math.max(left, 1));
    }

    private void level() throws InterruptedException {
        if (hold == null) {
            lanes.level(position, offset);
        }
        leveledOffset = offset;
        leveledAt = System.nanoTime();
    }

    /** Does what other threads have asked for. */
    private void heed() throws SQLException, InterruptedException {
        if (rest.wanted()) {
            level();
            lanes.barrier();
            rest.rest();
            owner.alone(connection -> {
                tables.readAttempts(connection);
                return true;
            });
        }
        if (signals.takeAttemptsChanged()) {
            owner.alone(connection -> {
                tables.readAttempts(connection);
                return true;
            });
        }
        Hold held = hold;
        if (held != null && !signals.desired().gate().equals(Optional.of(held.marker()))) {
            release(held);
        }
    }

    private void release(Hold held) throws SQLException {
        owner.alone(connection -> {
            facts.remove(connection, Hold.FACT);
            return true;
        });
        hold = null;
        signals.held(null);
        position = held.position();
        offset = held.offset();
        leveledOffset = offset;
        inbox.rewindTo(held.offset());
    }

    private void record(ConsumerRecord<String, byte[]> record)
            throws SQLException, InterruptedException {
        byte[] value = record.value();
        if (ChangeDecoder.reads(value)) {
            change(decoder.decode(value), record.offset(), value.length);
        } else {
            other(codec.decode(value), record.offset(), value.length);
        }
        if (!fragments.open()) {
            offset = record.offset() + 1;
        }
    }

    private void other(Object message, long at, int bytes)
            throws SQLException, InterruptedException {
        switch (message) {
            case Change change -> change(ChangeDecoder.of(change), at, bytes);
            case ChangeFragment part -> fragment(part, at);
            case Truncate truncate -> truncate(truncate, at);
            case SchemaChange shape -> shape(shape, at);
            case Marker marker -> marker(marker, at);
            case Sequences sequences -> {
                if (hold != null) {
                    hold.behind(sequences);
                }
            }
            case StreamStart start -> start(start);
            default ->
                    throw new MigrationException(
                            ErrorCode.LOG_FOREIGN,
                            "the record at offset %d of the changes log is a %s"
                                    .formatted(at, message.getClass().getSimpleName()));
        }
    }

    private void start(StreamStart start) throws SQLException {
        String mine = start.getSystemIdentifier() + " " + start.getSlot();
        String known =
                owner.alone(connection -> {
                    Optional<String> fact = facts.get(connection, "stream");
                    if (fact.isEmpty()) {
                        facts.put(connection, "stream", mine);
                    }
                    return fact.orElse(mine);
                });
        if (!known.equals(mine)) {
            throw new MigrationException(
                    ErrorCode.LOG_FOREIGN,
                    "the changes log is of stream %s, the target holds %s".formatted(mine, known));
        }
    }

    private void fragment(ChangeFragment part, long at) throws SQLException, InterruptedException {
        if (hold != null) {
            if (part.getNumber() == part.getCount() - 1) {
                hold.behind(1);
            }
            return;
        }
        if (part.getNumber() == 0 && part.getTotalBytes() > WIDE_BYTES) {
            lanes.barrier();
        }
        Optional<byte[]> whole = fragments.add(part);
        if (whole.isEmpty()) {
            return;
        }
        byte[] bytes = whole.get();
        Raw raw =
                ChangeDecoder.reads(bytes)
                        ? decoder.decode(bytes)
                        : ChangeDecoder.of(codec.decode(bytes, Change.class));
        change(raw, at, bytes.length);
    }

    private void change(Raw raw, long at, long bytes) throws SQLException, InterruptedException {
        transaction.begin(raw.position().finalLsn());
        handOut(raw, at, bytes);
        if (raw.lastInTransaction()) {
            transaction.end();
        }
    }

    private void handOut(Raw raw, long at, long bytes) throws SQLException, InterruptedException {
        if (hold != null) {
            hold.behind(1);
            return;
        }
        if (lanes.allDone(raw.position())) {
            return;
        }
        RowShape shape = shape(raw.relation());
        RowChange change = place(raw, shape, at, bytes);
        int lane = lane(shape, change.hash());
        position = raw.position();
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
        levelAt(change.position());
        var tallies = new Tallies();
        tallies.add(change.table().name(), change.operation());
        owner.applyLevel(
                change,
                new Step(change.position(), change.offset() + 1, change.commitMicros()),
                tallies,
                lanes.size());
        durable.committed();
    }

    private static RowChange place(Raw raw, RowShape shape, long at, long bytes) {
        boolean hasOld = raw.oldRow() != OldRow.NONE;
        Cells after =
                raw.operation() == Operation.DELETE
                        ? shape.arrange(raw.before())
                        : shape.arrange(raw.after());
        Cells old =
                hasOld && raw.operation() != Operation.DELETE ? shape.arrange(raw.before()) : after;
        boolean keyed = shape.match().indexed();
        if (raw.operation() != Operation.INSERT && shape.match().columns().isEmpty()) {
            throw new MigrationException(
                    ErrorCode.TABLE_WITHOUT_KEY,
                    "the %s of %s at %s says nothing that finds its row"
                            .formatted(raw.operation(), shape.table().name(), raw.position()));
        }
        boolean keyChange = false;
        for (int column : shape.match().columns()) {
            if (old.length(column) < (keyed ? 0 : Cells.NULL)
                    && (raw.operation() != Operation.INSERT || keyed)) {
                throw new MigrationException(
                        ErrorCode.INTERNAL,
                        "the change of %s at %s does not say column %s of its key"
                                .formatted(
                                        shape.table().name(),
                                        raw.position(),
                                        shape.table().columns().get(column).name()));
            }
            keyChange |=
                    keyed
                            && hasOld
                            && raw.operation() == Operation.UPDATE
                            && after.written(column)
                            && !after.sameText(column, old);
        }
        // Above, a key column marked unchanged is no key change: the row is found by the old one.
        int hash = keyed ? shape.hash(old) : shape.tableHash();
        return new RowChange(
                shape,
                raw.operation(),
                raw.position(),
                at,
                raw.commitMicros(),
                old,
                after,
                hash,
                keyChange,
                bytes + 200);
    }

    /** The table's shape, once the table is loaded. */
    private RowShape shape(int relation) throws SQLException, InterruptedException {
        RowShape known = tables.resolved(relation);
        if (known != null) {
            return known;
        }
        SchemaChange announced = tables.announced(relation);
        if (announced == null) {
            throw new MigrationException(
                    ErrorCode.LOG_FOREIGN,
                    "the changes log has a change of relation %d, which it never announced"
                            .formatted(Integer.toUnsignedLong(relation)));
        }
        TableName target = TableName.of(announced.getTarget());
        while (!tables.isLoaded(target)) {
            level();
            inbox.awaitSignal(IDLE);
            heed();
        }
        while (true) {
            if (!owner.alone(connection -> tables.settled(connection, target))) {
                lanes.barrier();
            }
            Optional<RowShape> found =
                    owner.alone(connection -> tables.resolve(connection, announced));
            if (found.isPresent()) {
                return found.get();
            }
            lanes.barrier();
            owner.alone(connection -> {
                tables.order(connection, target);
                return true;
            });
        }
    }

    private void shape(SchemaChange announced, long at) throws SQLException, InterruptedException {
        if (hold != null) {
            return;
        }
        SchemaChange known = tables.announced(announced.getRelation());
        if (announced.equals(known)) {
            return;
        }
        if (lanes.anyBeyond(position)) {
            throw new MigrationException(
                    ErrorCode.INTERNAL,
                    "a lane is beyond %s, where all must stand level".formatted(position));
        }
        lanes.barrier();
        owner.level(
                new Step(position, at + 1, 0),
                new Tallies(),
                lanes.size(),
                connection -> {
                    var catalog = new TargetCatalog(connection);
                    new SchemaDrift(catalog)
                            .check(
                                    announced,
                                    known,
                                    catalog.table(TableName.of(announced.getTarget())));
                    tables.announce(connection, announced);
                });
        tables.announced(announced);
        durable.committed();
    }

    private void truncate(Truncate truncate, long at) throws SQLException, InterruptedException {
        transaction.begin(truncate.getFinalLsn());
        empty(truncate, at);
        if (truncate.getLastInTransaction()) {
            transaction.end();
        }
    }

    private void empty(Truncate truncate, long at) throws SQLException, InterruptedException {
        var stands = new Position(truncate.getFinalLsn(), truncate.getOrdinal());
        if (hold != null) {
            hold.behind(truncate.getRelations().size());
            return;
        }
        if (lanes.allDone(stands)) {
            return;
        }
        List<RowShape> shapes = allLoaded(truncate.getRelations());
        levelAt(stands);
        var tallies = new Tallies();
        shapes.forEach(shape -> tallies.addTruncate(shape.table().name()));
        List<RowShape> due =
                shapes.stream()
                        .filter(shape ->
                                Long.compareUnsigned(truncate.getFinalLsn(), shape.snapshotLsn())
                                        >= 0)
                        .toList();
        try {
            owner.level(
                    new Step(stands, at + 1, truncate.getCommitMicros()),
                    tallies,
                    lanes.size(),
                    connection -> new Truncation(stream.sources()).run(connection, due, stands));
        } catch (SQLException e) {
            if (SqlStates.passing(e) || SqlStates.state(e).isEmpty()) {
                throw e;
            }
            throw LaneSession.refused(e, "the TRUNCATE of %s at %s".formatted(names(due), stands));
        }
        position = stands;
        durable.committed();
    }

    /** While one is waited for, another may be loaded anew: all must be known at once. */
    private List<RowShape> allLoaded(List<Integer> relations)
            throws SQLException, InterruptedException {
        while (true) {
            var shapes = new ArrayList<RowShape>();
            for (int relation : relations) {
                shapes.add(shape(relation));
            }
            boolean all = true;
            for (int i = 0; i < shapes.size(); i++) {
                all &= tables.resolved(relations.get(i)) == shapes.get(i);
            }
            if (all) {
                return shapes;
            }
        }
    }

    /** All lanes have done what comes before this position, and none what comes behind. */
    private void levelAt(Position next) throws InterruptedException {
        if (lanes.anyDone(next)) {
            throw new MigrationException(
                    ErrorCode.INTERNAL,
                    "a lane is beyond %s, where all must stand level".formatted(next));
        }
        lanes.barrier();
    }

    private static List<TableName> names(List<RowShape> shapes) {
        return shapes.stream().map(shape -> shape.table().name()).distinct().toList();
    }

    private void marker(Marker marker, long at) throws SQLException, InterruptedException {
        Hold held = hold;
        if (held != null) {
            if (marker.getKind() == MarkerKind.FINAL) {
                held.behind(marker);
            }
            return;
        }
        var stands = new Position(marker.getFinalLsn(), marker.getOrdinal());
        if (stands.compareTo(position) <= 0 || lanes.anyDone(stands)) {
            return;
        }
        if (marker.getKind() == MarkerKind.GATE) {
            gate(marker, stands, at);
        }
        position = stands;
    }

    private void gate(Marker marker, Position stands, long at)
            throws SQLException, InterruptedException {
        level();
        lanes.barrier();
        long deadline = System.nanoTime() + settings.gatePatience().toNanos();
        while (signals.desired().gate().isEmpty() && deadline - System.nanoTime() > 0) {
            inbox.awaitSignal(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            heed();
        }
        if (!signals.desired().gate().equals(Optional.of(marker.getId()))) {
            return;
        }
        durable.committed();
        durable.advance();
        long applied = durable.sum().map(sum -> total(sum.applied())).orElse(0L);
        if (applied != marker.getChangesBefore()) {
            throw new MigrationException(
                    ErrorCode.COUNT_MISMATCH,
                    "at marker %s the log has %d changes, the target counts %d"
                            .formatted(marker.getId(), marker.getChangesBefore(), applied));
        }
        var next = new Hold(marker.getId(), at, stands);
        owner.level(
                new Step(stands, at, marker.getCommitMicros()),
                new Tallies(),
                lanes.size(),
                connection -> facts.put(connection, Hold.FACT, next.fact()));
        durable.committed();
        durable.advance();
        hold = next;
        signals.held(next);
    }

    private static long total(Counters counters) {
        return counters.getInserts()
                + counters.getUpdates()
                + counters.getDeletes()
                + counters.getTruncates();
    }
}
