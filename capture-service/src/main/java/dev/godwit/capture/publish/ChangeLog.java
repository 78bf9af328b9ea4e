// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.SourceObjects;
import dev.godwit.schemas.StreamStart;
import dev.godwit.schemas.StreamState;
import dev.godwit.schemas.TableLoad;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.KafkaSettings;
import java.util.Collection;

/**
 * The one writer of {@code godwit.<id>.changes} and {@code godwit.<id>.state}, by Kafka transactions. Opening it fences
 * every former owner and aborts what that left open. All methods may be called by any thread; each of those that write
 * returns after its own committed transaction.
 */
public final class ChangeLog implements AutoCloseable {
    private ChangeLog() {}

    /**
     * Fences former owners, reads the state to its end, and commits the next owner epoch. The topics must exist.
     *
     * @throws dev.godwit.postgres.MigrationException BROKER_FAILED when Kafka does not answer for a minute; try again
     */
    public static ChangeLog open(KafkaSettings kafka, String databaseId, SchemaBook book, CrashPoints crashPoints)
            throws InterruptedException {
        return later();
    }

    /** Of this owner: one more than any before, never used twice. */
    public long epoch() {
        return later();
    }

    /** What was there at opening. */
    public Recovered recovered() {
        return later();
    }

    /**
     * Begins a fresh stream: Start, the stream's state and the snapshot LSN of each load, in one transaction. The owner
     * epoch in the state is set here; position, counters and flushable LSN start at nothing and the consistent point.
     *
     * @throws IllegalStateException if a stream has begun already
     */
    public void begin(StreamStart start, StreamState state, Collection<TableLoad> loads) throws InterruptedException {
        later();
    }

    /** Records how far tables' loads are. */
    public void record(Collection<TableLoad> loads) throws InterruptedException {
        later();
    }

    /** Records how far one table's load is. */
    public void record(TableLoad load) throws InterruptedException {
        later();
    }

    /** Records what stands on the source because of us. */
    public void record(SourceObjects objects) throws InterruptedException {
        later();
    }

    /** Appends the sequences read after a marker. Repeating it for the same marker appends nothing. */
    public void append(Sequences sequences) throws InterruptedException {
        later();
    }

    /** What is committed now. */
    public Progress progress() {
        return later();
    }

    /** Aborts an open transaction and leaves. */
    @Override
    public void close() {
        later();
    }

    @SuppressWarnings("TypeParameterUnusedInFormals")
    private static <T> T later() {
        throw new UnsupportedOperationException();
    }
}
