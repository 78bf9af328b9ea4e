// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.target.Finalising;
import dev.godwit.apply.target.Restoring;
import dev.godwit.apply.target.TargetSession;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes whole tables ready for the sync, beside the owner's own work: parked indexes, statistics,
 * then the mark that the table is loaded. A crash leaves what is not yet built parked, and the
 * table not marked; the next owner goes on.
 */
final class IndexBuilds implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(IndexBuilds.class);
    private static final int SIDE_BY_SIDE = 2;

    /** 256 MiB if the target's own setting is lower; unit kB. */
    private static final String MORE_MEMORY =
            "SELECT set_config('maintenance_work_mem', '256MB', false) FROM pg_catalog.pg_settings WHERE name = 'maintenance_work_mem' AND setting::bigint < 262144";

    private final ConnectionSettings target;
    private final Partitions partitions;
    private final Attempts attempts = new Attempts();
    private final Restoring restoring;
    private final long epoch;
    private final CrashPoints crashPoints;
    private final Consumer<TableName> loaded;
    private final ExecutorService tables;
    private final ExecutorService indexes;
    private final Set<TableName> building = ConcurrentHashMap.newKeySet();
    private final Set<TargetSession> sessions = ConcurrentHashMap.newKeySet();
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

    IndexBuilds(
            ConnectionSettings target,
            Ledger ledger,
            long epoch,
            Restoring restoring,
            CrashPoints crashPoints,
            Consumer<TableName> loaded) {
        this.target = target;
        this.partitions = new Partitions(ledger);
        this.restoring = restoring;
        this.epoch = epoch;
        this.crashPoints = crashPoints;
        this.loaded = loaded;
        String id = ledger.databaseId();
        this.tables =
                Executors.newFixedThreadPool(
                        SIDE_BY_SIDE,
                        Thread.ofPlatform().daemon().name("tables-" + id + "-", 0).factory());
        this.indexes =
                Executors.newFixedThreadPool(
                        SIDE_BY_SIDE,
                        Thread.ofPlatform().daemon().name("indexes-" + id + "-", 0).factory());
    }

    /** Begins with a whole table, unless that is under way. Returns at once. */
    void begin(AttemptRow attempt) {
        if (building.add(attempt.target())) {
            tables.execute(() -> build(attempt));
        }
    }

    Set<TableName> building() {
        return Set.copyOf(building);
    }

    /** What stopped a build; the owner stops with it. */
    void throwFailure() throws SQLException {
        switch (failure.get()) {
            case null -> {}
            case SQLException e -> throw e;
            case RuntimeException e -> throw e;
            case Exception e -> throw new IllegalStateException(e);
        }
    }

    private void build(AttemptRow attempt) {
        TableName table = attempt.target();
        long began = System.nanoTime();
        try {
            restoring.restoreIndexes(table, this::open, indexes);
            try (TargetSession session = open()) {
                Finalising.analyse(session.connection(), table);
                crashPoints.reach(CrashPoint.AFTER_INDEXES_BEFORE_LOADED);
                mark(session.connection(), attempt);
            }
            LOG.atInfo()
                    .addKeyValue("table", table)
                    .addKeyValue("durationMs", (System.nanoTime() - began) / 1_000_000)
                    .log("indexes stand, the table is loaded");
            loaded.accept(table);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException | RuntimeException e) {
            failure.compareAndSet(null, e);
        } finally {
            building.remove(table);
        }
    }

    private void mark(Connection connection, AttemptRow attempt) throws SQLException {
        connection.setAutoCommit(false);
        partitions.check(connection, Ledger.CHANGES, epoch);
        attempts.loaded(connection, attempt.target(), attempt.attempt());
        connection.commit();
    }

    private TargetSession open() throws SQLException {
        TargetSession session =
                TargetSession.open(
                        target, partitions.sessionName(Ledger.CHANGES + "-index", epoch));
        sessions.removeIf(IndexBuilds::isClosed);
        sessions.add(session);
        try (Statement statement = session.connection().createStatement()) {
            statement.execute(MORE_MEMORY);
        }
        return session;
    }

    private static boolean isClosed(TargetSession session) {
        try {
            return session.connection().isClosed();
        } catch (SQLException e) {
            return true;
        }
    }

    /** What is being built is rolled back. */
    @Override
    public void close() {
        tables.shutdownNow();
        indexes.shutdownNow();
        sessions.forEach(TargetSession::abort);
    }
}
