// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Facts;
import dev.godwit.apply.ledger.Position;
import dev.godwit.apply.sync.ChangeDecoder.Raw;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.Change;
import dev.godwit.schemas.ChangeFragment;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.StreamStart;
import dev.godwit.schemas.Truncate;
import dev.godwit.schemas.codec.RecordCodec;
import java.sql.SQLException;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Reads the changes log in order, on one thread, and gives each record to what it is for. What all
 * lanes must have reached first (a barrier) is done on this thread too.
 */
final class ChangesReader {
    /** A change wider than this is joined only after the lanes have let go of the one before. */
    private static final long WIDE_BYTES = 4 << 20;

    private final RecordCodec codec;
    private final Inbox inbox;
    private final Signals signals;
    private final LaneSet lanes;
    private final LaneSession owner;
    private final OpenTransaction transaction;
    private final TableBook tables;
    private final DurablePosition durable;
    private final Standing standing;
    private final Requests requests;
    private final Gate gate;
    private final TableShapes shapes;
    private final RowHandout rows;
    private final TruncateBarrier truncates;
    private final ChangeDecoder decoder = new ChangeDecoder();
    private final Fragments fragments = new Fragments();
    private final Facts facts = new Facts();

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
        this.codec = parts.codec();
        this.inbox = parts.inbox();
        this.signals = parts.signals();
        this.lanes = parts.lanes();
        this.owner = parts.owner();
        this.transaction = parts.transaction();
        this.tables = parts.tables();
        this.durable = parts.durable();
        this.standing = new Standing(lanes, position, offset);
        this.requests = new Requests(parts, standing);
        this.gate = new Gate(parts, standing, requests);
        this.shapes = new TableShapes(parts, standing, requests);
        this.rows = new RowHandout(parts, shapes, standing);
        this.truncates = new TruncateBarrier(parts, shapes, standing);
    }

    /** Reads the ledger's own state, before the first record. */
    void open() throws SQLException {
        gate.resume(
                owner.alone(connection -> {
                    tables.readShapes(connection);
                    tables.readAttempts(connection);
                    return gate.remembered(connection);
                }));
        durable.advance();
    }

    /**
     * Returns when it was asked to end, stands at a transaction's end, and all lanes have
     * committed.
     */
    void run() throws SQLException, InterruptedException {
        while (!atItsEnd()) {
            requests.heed();
            gate.releaseIfGivenUp();
            Optional<ConsumerRecord<String, byte[]>> next = inbox.next(standing.untilLevel());
            if (next.isPresent()) {
                record(next.get());
            }
            standing.levelIfDue();
        }
        lanes.barrier();
    }

    private boolean atItsEnd() {
        return signals.ending() && transaction.none() && !lanes.anyBeyond(standing.position());
    }

    private void record(ConsumerRecord<String, byte[]> record)
            throws SQLException, InterruptedException {
        byte[] value = record.value();
        if (ChangeDecoder.reads(value)) {
            rows.change(decoder.decode(value), record.offset(), value.length);
        } else {
            other(codec.decode(value), record.offset(), value.length);
        }
        if (!fragments.open()) {
            standing.readUpTo(record.offset() + 1);
        }
    }

    private void other(Object message, long at, int bytes)
            throws SQLException, InterruptedException {
        switch (message) {
            case Change change -> rows.change(ChangeDecoder.of(change), at, bytes);
            case ChangeFragment part -> fragment(part, at);
            case Truncate truncate -> truncates.truncate(truncate, at);
            case SchemaChange shape -> {
                if (standing.hold() == null) {
                    shapes.announced(shape, at);
                }
            }
            case Marker marker -> gate.marker(marker, at);
            case Sequences sequences -> gate.sequences(sequences);
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
        Hold hold = standing.hold();
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
        rows.change(raw, at, bytes.length);
    }
}
