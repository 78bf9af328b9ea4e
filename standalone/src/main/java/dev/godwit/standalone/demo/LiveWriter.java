// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.demo;

import dev.godwit.postgres.ConnectionSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * The shop's own application: it goes on, transaction after transaction, until its database refuses
 * to be written.
 */
final class LiveWriter {
    /** Read-only, session ended by an administrator, connection gone, server going down. */
    private static final Set<String> FENCED =
            Set.of("25006", "57P01", "57P02", "57P03", "08006", "08003", "08001");

    private static final Duration PERIOD = Duration.ofMillis(12);

    private final ConnectionSettings database;
    private final Clock clock;
    private final Random random;
    private final AtomicLong committed = new AtomicLong();
    private final AtomicLong rolledBack = new AtomicLong();
    private final AtomicReference<Instant> lastCommit;
    private final AtomicReference<Optional<SQLException>> failure =
            new AtomicReference<>(Optional.empty());
    private final Thread thread;
    private volatile boolean stopped;

    private LiveWriter(ConnectionSettings database, Clock clock, long seed) {
        this.database = database;
        this.clock = clock;
        this.random = new Random(seed);
        this.lastCommit = new AtomicReference<>(clock.instant());
        this.thread = Thread.ofPlatform().name("live-writer").daemon().unstarted(this::write);
    }

    static LiveWriter start(ConnectionSettings database, Clock clock, long seed) {
        var writer = new LiveWriter(database, clock, seed);
        writer.thread.start();
        return writer;
    }

    /** Transactions whose commit was acknowledged. */
    long committed() {
        return committed.get();
    }

    long rolledBack() {
        return rolledBack.get();
    }

    Instant lastCommit() {
        return lastCommit.get();
    }

    /** Whether the fence has ended it, or somebody else. */
    boolean ended() {
        return !thread.isAlive();
    }

    /** What it died of, if that was not the fence. */
    Optional<SQLException> failure() {
        return failure.get();
    }

    /** Ends it after the transaction it is in. */
    void stop() throws InterruptedException {
        stopped = true;
        thread.join();
    }

    private void write() {
        try (Connection connection =
                DriverManager.getConnection(database.url(), database.properties("rental shop"))) {
            connection.setAutoCommit(false);
            var shop = new ShopTransactions(connection, random);
            long next = System.nanoTime();
            while (!stopped) {
                if (shop.runOne()) {
                    lastCommit.set(clock.instant());
                    committed.incrementAndGet();
                } else {
                    rolledBack.incrementAndGet();
                }
                next = Math.max(next + PERIOD.toNanos(), System.nanoTime() - PERIOD.toNanos());
                LockSupport.parkNanos(next - System.nanoTime());
            }
        } catch (SQLException e) {
            if (e.getSQLState() == null || !FENCED.contains(e.getSQLState())) {
                failure.set(Optional.of(e));
            }
        }
    }
}
