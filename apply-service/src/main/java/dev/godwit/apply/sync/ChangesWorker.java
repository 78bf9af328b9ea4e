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
        return OptionalLong.empty();
    }

    @Override
    public void accept(List<ConsumerRecord<String, byte[]>> records) {
        full();
    }

    @Override
    public boolean full() {
        return false;
    }

    /**
     * After a release: the offset of the released marker, which the caller must seek to before its
     * next poll. Given once; until a record of exactly this offset comes, {@link #accept} drops
     * what it gets.
     */
    @Override
    public OptionalLong rewind() {
        return OptionalLong.empty();
    }

    @Override
    public OptionalLong durableOffset() {
        return OptionalLong.empty();
    }

    @Override
    public Optional<MigrationException> failure() {
        return Optional.empty();
    }

    /** Whether a newer owner has taken the partition: this worker has stopped for good. */
    @Override
    public boolean fenced() {
        return false;
    }

    /** What the target durably holds; a snapshot, at most a second old. */
    public SyncProgress progress() {
        return new SyncProgress(
                new dev.godwit.schemas.Counters(0L, 0L, 0L, 0L),
                java.util.Map.of(),
                dev.godwit.apply.ledger.Position.START,
                0,
                Optional.empty(),
                List.of());
    }

    /** Tells what control wants now. Returns at once. */
    public void desire(DesiredMarkers markers) {}

    /**
     * The ledger's attempts have changed (a table is loaded, or granted again). Returns at once.
     */
    public void attemptsChanged() {}

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
        action.run();
    }

    @Override
    public void close() {}
}
