// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.capture.publish.ChangeSink;
import dev.godwit.capture.publish.Position;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.QualifiedName;
import dev.godwit.schemas.Truncate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Turns pgoutput messages, protocol version 1 (PostgreSQL docs, "Logical Replication Message
 * Formats"), into the log's records. It holds one change back until the next message tells whether
 * that change was the transaction's last, and skips what the log already has. One decoder reads one
 * stream from a position of the slot on.
 */
final class PgOutputDecoder implements Frames.Receiver {
    private static final int TRUNCATE_CASCADE = 1;
    private static final int TRUNCATE_RESTART_IDENTITY = 2;
    private static final long BEFORE_FIRST = -1;

    /** A change that waits for the next message. */
    private sealed interface HeldBack {
        void append(ChangeSink log, boolean lastInTransaction) throws InterruptedException;
    }

    private final TableRouting routing;
    private final MarkerMessage markers;
    private final Queue<MarkerRequest> requested;
    private final Map<Integer, Relation> relations = new HashMap<>();
    private final Map<Integer, QualifiedName> types = new HashMap<>();
    private final ChangeEncoder encoder = new ChangeEncoder();
    private volatile boolean ending;
    private boolean ended;
    private @Nullable Transaction transaction;
    private @Nullable HeldBack heldBack;
    private @Nullable ChangeSink log;
    private Position captured = Position.ORIGIN;
    private long ordinal;
    private long flushable;

    /**
     * @param markers recognises our markers among logical messages
     * @param requested markers that no message will bring; those appended are removed
     */
    PgOutputDecoder(TableRouting routing, MarkerMessage markers, Queue<MarkerRequest> requested) {
        this.routing = routing;
        this.markers = markers;
        this.requested = requested;
    }

    /** What is read from here on is appended there. */
    void appendTo(ChangeSink sink) {
        log = sink;
        captured = sink.position();
    }

    /**
     * All that was committed on the source before this LSN has been read and appended; 0 at first.
     */
    long flushable() {
        return flushable;
    }

    /**
     * Nothing is read any more once the log holds none or all of each transaction. Any thread may
     * say so.
     */
    void endBetweenTransactions() {
        ending = true;
    }

    /** Whether that has come to pass. */
    boolean ended() {
        return ended;
    }

    @Override
    public void message(byte[] bytes, int from, int length) throws InterruptedException {
        ended |= mayEnd();
        if (!ended) {
            read(bytes, from, length);
        }
    }

    /** A transaction that the log holds a part of comes first when the stream begins anew. */
    private boolean mayEnd() {
        if (!ending || transaction != null) {
            return false;
        }
        Position newest = sink().position();
        return newest.ordinal() < 0 || Long.compareUnsigned(newest.finalLsn(), flushable) < 0;
    }

    private void read(byte[] bytes, int from, int length) throws InterruptedException {
        switch (bytes[from]) {
            case 'I' -> row(Operation.INSERT, bytes, from, length);
            case 'U' -> row(Operation.UPDATE, bytes, from, length);
            case 'D' -> row(Operation.DELETE, bytes, from, length);
            case 'B' -> begin(new Bytes(bytes, from + 1, length - 1));
            case 'C' -> commit(new Bytes(bytes, from + 1, length - 1));
            case 'R' -> relation(new Bytes(bytes, from + 1, length - 1));
            case 'T' -> truncate(new Bytes(bytes, from + 1, length - 1));
            case 'M' -> logicalMessage(new Bytes(bytes, from + 1, length - 1));
            case 'Y' -> type(new Bytes(bytes, from + 1, length - 1));
            case 'O' -> {
                // Where a change came from first.
            }
            default -> throw new PgOutputException("unknown message " + (char) bytes[from]);
        }
    }

    @Override
    public void keepAlive(long walEnd) throws InterruptedException {
        if (transaction != null) {
            throw new PgOutputException("a keep-alive between two transactions came within one");
        }
        if (!ended) {
            appendRequested(walEnd);
            flushable(walEnd);
            ended |= mayEnd();
        }
    }

    private void begin(Bytes message) throws InterruptedException {
        // Within a transaction this is a stream that has begun anew: what was held back comes
        // again.
        heldBack = null;
        Transaction next = Transaction.read(message);
        transaction = next;
        ordinal = 0;
        appendRequested(next.finalLsn());
    }

    private void commit(Bytes message) throws InterruptedException {
        if (transaction == null) {
            throw new PgOutputException("COMMIT without BEGIN");
        }
        release(true);
        message.int8();
        message.int64();
        flushable(message.int64());
        transaction = null;
    }

    /** Comes before the relations whose columns are of it. */
    private void type(Bytes message) {
        int oid = message.int32();
        types.put(oid, new QualifiedName(namespace(message), message.string()));
    }

    private static String namespace(Bytes message) {
        String namespace = message.string();
        return namespace.isEmpty() ? "pg_catalog" : namespace;
    }

    private void relation(Bytes message) {
        int oid = message.int32();
        var source = new TableName(namespace(message), message.string());
        Relation before = relations.get(oid);
        // Once known it keeps its way: what is renamed while we look still belongs where it did.
        Optional<TableRouting.Route> route =
                before == null
                        ? routing.route(Integer.toUnsignedLong(oid), source)
                        : Optional.of(before.route());
        if (route.isPresent()) {
            Relation now = Relation.read(oid, route.get(), types, message);
            if (before == null || !before.sameShape(now)) {
                relations.put(oid, now);
            }
        }
    }

    private void row(Operation operation, byte[] bytes, int from, int length)
            throws InterruptedException {
        Transaction current = current();
        Relation relation = relations.get(BigEndian.int32(bytes, from + 1));
        if (relation == null) {
            return;
        }
        long at = ordinal++;
        if (isCaptured(current, at)) {
            return;
        }
        release(false);
        announce(relation);
        int tuples = from + 1 + Integer.BYTES;
        byte[] encoded =
                encoder.encode(relation, operation, current, at, bytes, tuples, from + length);
        heldBack = new Row(relation, operation, current.finalLsn(), at, encoded);
    }

    private void truncate(Bytes message) throws InterruptedException {
        Transaction current = current();
        int count = message.int32();
        int options = message.int8();
        var oids = new ArrayList<Integer>(count);
        var sources = new ArrayList<TableName>(count);
        var routed = new ArrayList<Relation>(count);
        for (int i = 0; i < count; i++) {
            Relation relation = relations.get(message.int32());
            if (relation != null) {
                routed.add(relation);
                oids.add(relation.oid());
                sources.add(relation.source());
            }
        }
        if (routed.isEmpty()) {
            return;
        }
        long at = ordinal++;
        if (isCaptured(current, at)) {
            return;
        }
        release(false);
        for (Relation relation : routed) {
            announce(relation);
        }
        heldBack =
                new Emptied(
                        sources,
                        new Truncate(
                                oids,
                                (options & TRUNCATE_CASCADE) != 0,
                                (options & TRUNCATE_RESTART_IDENTITY) != 0,
                                current.finalLsn(),
                                at,
                                current.xid(),
                                current.commitMicros(),
                                false));
    }

    private void logicalMessage(Bytes message) throws InterruptedException {
        boolean transactional = (message.int8() & 1) != 0;
        message.int64();
        if (!transactional || !markers.isOurs(message.string())) {
            return;
        }
        Optional<MarkerMessage.Asked> asked = markers.read(message.text(message.int32()));
        Transaction current = current();
        if (asked.isPresent()) {
            append(
                    asked.get().kind(),
                    asked.get().id(),
                    new Position(current.finalLsn(), ordinal - 1),
                    current.commitMicros());
        }
    }

    /** Everything committed before this LSN has been read. */
    private void appendRequested(long lsn) throws InterruptedException {
        MarkerRequest next = requested.peek();
        if (next != null
                && Long.compareUnsigned(lsn, next.lsn()) >= 0
                && append(next.kind(), next.id(), new Position(lsn, BEFORE_FIRST), next.micros())) {
            requested.remove();
        }
    }

    /** Whether it is appended: not if the log already stands at or behind its position. */
    private boolean append(MarkerKind kind, String id, Position position, long micros)
            throws InterruptedException {
        if (position.atOrBefore(sink().position())) {
            return false;
        }
        release(false);
        sink().marker(kind, id, position, micros);
        return true;
    }

    private void announce(Relation relation) throws InterruptedException {
        if (!relation.announced()) {
            sink().schemaChange(relation.shape());
            relation.setAnnounced();
        }
    }

    private void release(boolean lastInTransaction) throws InterruptedException {
        HeldBack change = heldBack;
        if (change == null) {
            return;
        }
        heldBack = null;
        change.append(sink(), lastInTransaction);
    }

    private boolean isCaptured(Transaction current, long at) {
        int byLsn = Long.compareUnsigned(current.finalLsn(), captured.finalLsn());
        return byLsn < 0 || (byLsn == 0 && at <= captured.ordinal());
    }

    private void flushable(long lsn) {
        if (Long.compareUnsigned(lsn, flushable) > 0) {
            flushable = lsn;
        }
    }

    private Transaction current() {
        if (transaction == null) {
            throw new PgOutputException("a change outside a transaction");
        }
        return transaction;
    }

    private ChangeSink sink() {
        if (log == null) {
            throw new IllegalStateException("nowhere to append to");
        }
        return log;
    }

    private final class Row implements HeldBack {
        private final Relation relation;
        private final Operation operation;
        private final long finalLsn;
        private final long at;
        private final byte[] key;
        private final byte[] encoded;
        private final int lastFlagAt;

        /** Takes the rest from the encoder. */
        Row(Relation relation, Operation operation, long finalLsn, long at, byte[] encoded) {
            this.relation = relation;
            this.operation = operation;
            this.finalLsn = finalLsn;
            this.at = at;
            this.key = relation.key(encoder.keyHash());
            this.encoded = encoded;
            this.lastFlagAt = encoder.lastFlagAt();
        }

        @Override
        public void append(ChangeSink log, boolean lastInTransaction) throws InterruptedException {
            encoded[lastFlagAt] = (byte) (lastInTransaction ? 1 : 0);
            log.change(relation.source(), key, encoded, operation, finalLsn, at);
        }
    }

    private static final class Emptied implements HeldBack {
        private final List<TableName> sources;
        private final Truncate truncate;

        Emptied(List<TableName> sources, Truncate truncate) {
            this.sources = sources;
            this.truncate = truncate;
        }

        @Override
        public void append(ChangeSink log, boolean lastInTransaction) throws InterruptedException {
            truncate.setLastInTransaction(lastInTransaction);
            log.truncate(sources, truncate);
        }
    }
}
