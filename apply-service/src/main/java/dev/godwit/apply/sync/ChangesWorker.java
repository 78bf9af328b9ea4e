// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.partition.PartitionWorker;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.codec.SchemaBook;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Applies the changes log of one database migration: reads in log order, writes in lanes, holds at
 * the gate. Its epoch is checked in every transaction; a newer owner makes it fail with {@link
 * dev.godwit.apply.ledger.FencedException} inside, after which {@link #fenced} says so.
 */
public final class ChangesWorker implements PartitionWorker {
    private ChangesWorker() {}

    /**
     * Starts a worker on a target whose ledger exists and whose epoch the caller has minted.
     * Returns at once; it connects on its own threads.
     */
    public static ChangesWorker start(
            Stream stream,
            SyncSettings settings,
            SessionOpener sessions,
            SchemaBook book,
            DesiredMarkers desired,
            Clock clock) {
        return new ChangesWorker();
    }

    @Override
    public OptionalLong startOffset() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void accept(List<ConsumerRecord<String, byte[]>> records) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean full() {
        throw new UnsupportedOperationException();
    }

    /**
     * After a release: the offset of the released marker, which the caller must seek to before its
     * next poll. Given once; until a record of exactly this offset comes, {@link #accept} drops
     * what it gets.
     */
    public OptionalLong rewind() {
        throw new UnsupportedOperationException();
    }

    @Override
    public OptionalLong durableOffset() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<MigrationException> failure() {
        throw new UnsupportedOperationException();
    }

    /** Whether a newer owner has taken the partition: this worker has stopped for good. */
    public boolean fenced() {
        throw new UnsupportedOperationException();
    }

    /** What the target durably holds; a snapshot, at most a second old. */
    public SyncProgress progress() {
        throw new UnsupportedOperationException();
    }

    /** Tells what control wants now. Returns at once. */
    public void desire(DesiredMarkers markers) {
        throw new UnsupportedOperationException();
    }

    /** The ledger's attempts have changed (a table is loaded, or granted again). Returns at once. */
    public void attemptsChanged() {
        throw new UnsupportedOperationException();
    }

    /** Something done while every lane stands level, has committed, and applies nothing. */
    @FunctionalInterface
    public interface LevelAction {
        void run() throws SQLException;
    }

    /**
     * Runs the action on the caller's thread while all lanes stand level and committed; they read
     * the attempts anew before they go on.
     *
     * @throws MigrationException why the worker has stopped, if it has
     */
    public void whileLevel(LevelAction action) throws SQLException, InterruptedException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
