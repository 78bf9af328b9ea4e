// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload;

import dev.godwit.tests.postgres.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Writes to a database on some connections at some rate. What it does is decided by its seed, but
 * for the order in which connections meet. A lost connection is opened again; a read-only source
 * (the fence) ends it.
 */
public final class Writer implements AutoCloseable {
    private static final String READ_ONLY = "25006";
    private static final long RECONNECT_NANOS = 200_000_000;

    private final Database database;
    private final Application application;
    private final double perSecond;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicBoolean paused = new AtomicBoolean();
    private final AtomicLong committed = new AtomicLong();
    private final AtomicLong rolledBack = new AtomicLong();
    private final AtomicLong changedRows = new AtomicLong();
    private final AtomicLong firstStart = new AtomicLong();
    private final AtomicLong lastCommit = new AtomicLong();
    private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();

    private Writer(Database database, Application application, double perSecond) {
        this.database = database;
        this.application = application;
        this.perSecond = perSecond;
    }

    /**
     * Starts writing; {@code perSecond} transactions over all connections, as far as the machine
     * can.
     */
    public static Writer start(Database database, long seed, int connections, int perSecond) {
        return start(database, Application.shop(), seed, connections, perSecond);
    }

    /** The same for another application than the shop's. */
    public static Writer start(
            Database database, Application application, long seed, int connections, int perSecond) {
        Writer writer = new Writer(database, application, (double) perSecond / connections);
        writer.firstStart.set(System.nanoTime());
        for (int i = 0; i < connections; i++) {
            Random random = new Random(seed * 31 + i);
            writer.threads.add(
                    Thread.ofPlatform()
                            .name("writer-" + i)
                            .daemon()
                            .start(() -> writer.run(random)));
        }
        return writer;
    }

    /** Transactions committed so far; throws what ended a connection, if that was not the fence. */
    public long committed() {
        requireSound();
        return committed.get();
    }

    public long rolledBack() {
        return rolledBack.get();
    }

    public long changedRows() {
        return changedRows.get();
    }

    /** Transactions per second from the start to the last commit. */
    public double rate() {
        double seconds = (lastCommit.get() - firstStart.get()) / 1e9;
        return seconds <= 0 ? 0 : committed.get() / seconds;
    }

    public void pause() {
        paused.set(true);
    }

    public void resume() {
        paused.set(false);
    }

    /** Whether every connection has met the fence. */
    public boolean fenced() {
        return threads.stream().noneMatch(Thread::isAlive) && !stopped.get();
    }

    /** Ends after the transactions under way. */
    public void stop() {
        stopped.set(true);
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        requireSound();
    }

    @Override
    public void close() {
        stop();
    }

    @Override
    public String toString() {
        return "%d transactions (%.0f/s), %d row changes, %d rolled back"
                .formatted(committed.get(), rate(), changedRows.get(), rolledBack.get());
    }

    private void requireSound() {
        RuntimeException thrown = failure.get();
        if (thrown != null) {
            throw new IllegalStateException(thrown.getMessage(), thrown);
        }
    }

    private void run(Random random) {
        try {
            while (!stopped.get()) {
                try (Connection connection = database.openAs(application.role())) {
                    connection.setAutoCommit(false);
                    write(connection, random);
                } catch (SQLException e) {
                    if (READ_ONLY.equals(e.getSQLState())) {
                        return;
                    }
                    if (!passing(e)) {
                        throw new IllegalStateException("the writer's statement is wrong", e);
                    }
                    LockSupport.parkNanos(RECONNECT_NANOS);
                }
            }
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
        }
    }

    private void write(Connection connection, Random random) throws SQLException {
        long interval = (long) (1e9 / perSecond);
        long next = System.nanoTime();
        Application.Session transactions = application.open(connection, random);
        while (!stopped.get()) {
            if (paused.get()) {
                LockSupport.parkNanos(1_000_000);
                next = System.nanoTime();
                continue;
            }
            one(connection, transactions);
            next = Math.max(next + interval, System.nanoTime() - 1_000_000_000);
            long early = next - System.nanoTime();
            if (early > 0) {
                LockSupport.parkNanos(early);
            }
        }
    }

    private void one(Connection connection, Application.Session transactions) throws SQLException {
        try {
            long rows = transactions.next();
            if (rows == Application.ROLL_BACK) {
                connection.rollback();
                rolledBack.incrementAndGet();
                return;
            }
            connection.commit();
            committed.incrementAndGet();
            changedRows.addAndGet(rows);
            lastCommit.set(System.nanoTime());
        } catch (SQLException e) {
            if (!conflict(e)) {
                throw e;
            }
            connection.rollback();
            rolledBack.incrementAndGet();
        }
    }

    /** What writers do to each other: unique, foreign key, deadlock, serialisation. */
    private static boolean conflict(SQLException e) {
        String state = state(e);
        return state.startsWith("23") || state.startsWith("40");
    }

    private static boolean passing(SQLException e) {
        String state = state(e);
        return state.startsWith("08") || state.startsWith("57P") || state.startsWith("53");
    }

    private static String state(SQLException e) {
        String state = e.getSQLState();
        return state == null ? "" : state;
    }
}
