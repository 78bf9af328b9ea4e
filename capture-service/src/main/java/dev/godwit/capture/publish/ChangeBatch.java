// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ChangeFragment;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.TableLoad;
import dev.godwit.schemas.TableState;
import dev.godwit.schemas.Truncate;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.topic.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * One transaction of changes, in order. Closing it uncommitted rolls it back. Belongs to the thread
 * that began it.
 */
public final class ChangeBatch implements ChangeSink, AutoCloseable {
    /** Above this a change travels in fragments: Kafka's default limit is 1 MiB a record. */
    static final int RECORD_BYTES_MAX = 900 * 1024;

    private final String changes;
    private final String state;
    private final RecordCodec codec;
    private final StreamTally tally;
    private final LogTransactions transactions;

    private ChangeBatch(
            String databaseId, RecordCodec codec, StreamTally tally, LogTransactions transactions) {
        this.changes = Topics.changes(databaseId);
        this.state = Topics.state(databaseId);
        this.codec = codec;
        this.tally = tally;
        this.transactions = transactions;
    }

    /** Waits for another thread's to end. */
    static ChangeBatch begin(
            String databaseId, RecordCodec codec, StreamTally tally, LogTransactions transactions)
            throws InterruptedException {
        var batch = new ChangeBatch(databaseId, codec, tally, transactions);
        transactions.begin();
        return batch;
    }

    @Override
    public Position position() {
        return new Position(tally.state().getFinalLsn(), tally.state().getOrdinal());
    }

    /** Whether anything was appended. */
    public boolean hasRecords() {
        return transactions.hasRecords();
    }

    @Override
    public void schemaChange(SchemaChange shape) throws InterruptedException {
        append(shape);
    }

    /** In fragments if it is too large for a record. */
    @Override
    public void change(
            TableName source,
            byte[] key,
            byte[] change,
            Operation operation,
            long finalLsn,
            long ordinal)
            throws InterruptedException {
        if (change.length <= RECORD_BYTES_MAX) {
            toChanges(key, change);
        } else {
            fragments(key, change, finalLsn, ordinal);
        }
        tally.count(source, operation);
        tally.moveTo(finalLsn, ordinal);
    }

    @Override
    public void truncate(List<TableName> sources, Truncate truncate) throws InterruptedException {
        append(truncate);
        sources.forEach(tally::countTruncate);
        tally.moveTo(truncate.getFinalLsn(), truncate.getOrdinal());
    }

    @Override
    public void marker(MarkerKind kind, String id, Position position, long commitMicros)
            throws InterruptedException {
        long changesBefore = tally.mark(id);
        append(
                new Marker(
                        id,
                        kind,
                        position.finalLsn(),
                        position.ordinal(),
                        commitMicros,
                        changesBefore));
        tally.moveTo(position.finalLsn(), position.ordinal());
    }

    /** The slot may be flushed up to here once this transaction is committed. */
    public void flushable(long lsn) {
        tally.flushable(lsn);
    }

    /**
     * Writes the state and commits, if there is anything to commit.
     *
     * @throws MigrationException BROKER_FAILED: rolled back, the log stands where it stood before
     *     this batch
     * @throws OwnerFencedException if this owner may write no more
     */
    public void commit() throws InterruptedException {
        if (tally.changed()) {
            toState(Topics.STREAM_KEY, tally.state());
            for (TableState table : tally.touched()) {
                toState(Topics.tableKey(table.getSource()), table);
            }
        }
        transactions.commit();
    }

    @Override
    public void close() {
        transactions.end();
    }

    /** Appends a record that belongs to no row, and so has no key. */
    void append(SpecificRecord value) throws InterruptedException {
        toChanges(null, codec.encode(value));
    }

    void loads(Collection<TableLoad> loads) throws InterruptedException {
        for (TableLoad load : loads) {
            toState(Topics.loadKey(load.getTarget()), load);
        }
    }

    void toState(String key, SpecificRecord value) throws InterruptedException {
        transactions.send(state, key.getBytes(StandardCharsets.UTF_8), codec.encode(value));
    }

    private void fragments(byte[] key, byte[] change, long finalLsn, long ordinal)
            throws InterruptedException {
        var crc = new CRC32C();
        crc.update(change);
        int count = Math.ceilDiv(change.length, RECORD_BYTES_MAX);
        for (int number = 0; number < count; number++) {
            int from = number * RECORD_BYTES_MAX;
            int length = Math.min(RECORD_BYTES_MAX, change.length - from);
            toChanges(
                    key,
                    codec.encode(
                            new ChangeFragment(
                                    finalLsn,
                                    ordinal,
                                    number,
                                    count,
                                    (long) change.length,
                                    crc.getValue(),
                                    ByteBuffer.wrap(change, from, length))));
        }
    }

    private void toChanges(byte @Nullable [] key, byte[] value) throws InterruptedException {
        transactions.send(changes, key, value);
    }
}
