// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.publish.OwnerFencedException;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.SqlStates;
import dev.godwit.schemas.MarkerKind;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams the WAL of one source database from its slot {@code godwit_<id>} (pgoutput, publication
 * {@code godwit_<id>}, both made by others) into its log, until closed. It heals by itself from
 * everything that may pass; what does not is in {@link #failure()} and ends it, then the owner
 * makes a new one once the operator has retried. Heartbeats and guards are its own.
 */
public final class WalStream implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WalStream.class);
    private static final Duration BACKOFF_LEAST = Duration.ofMillis(250);
    private static final int STATEMENT_SECONDS = 10;

    private final ConnectionSettings source;
    private final String databaseId;
    private final ChangeLog log;
    private final TableRouting routing;
    private final WalSettings settings;
    private final Clock clock;
    private final String slot;
    private final MarkerMessage markers;
    private final SourceGuard guard;
    private final Queue<MarkerRequest> requested = new ConcurrentLinkedQueue<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile long receivedLsn;
    private volatile @Nullable MigrationException failure;
    private volatile boolean fenced;
    private volatile boolean draining;
    private volatile @Nullable Run running;

    /** One run of the engine. */
    private record Run(Engine engine, PgOutputDecoder decoder) {}

    /** The log must have begun ({@link ChangeLog#begin}, now or by a former owner). */
    public WalStream(
            ConnectionSettings source,
            String databaseId,
            ChangeLog log,
            TableRouting routing,
            WalSettings settings,
            Clock clock) {
        this.source = source;
        this.databaseId = databaseId;
        this.log = log;
        this.routing = routing;
        this.settings = settings;
        this.clock = clock;
        this.slot = "godwit_" + databaseId;
        this.markers = MarkerMessage.of(databaseId);
        this.guard = new SourceGuard(databaseId, slot, log.epoch());
        this.receivedLsn = log.progress().flushableLsn();
        this.thread = Thread.ofPlatform().daemon().name("wal-" + databaseId).unstarted(this::run);
    }

    /** Returns at once; streaming goes on in threads of its own. */
    public void start() {
        thread.start();
    }

    /**
     * Writes a marker into the source's WAL. It stands in the log once {@link ChangeLog#progress()}
     * shows its id; ask again if it does not appear within some seconds (asking twice for one id
     * does no harm).
     *
     * @throws MigrationException if the source does not take it, or not all that was changed before
     *     is captured
     */
    public void requestMarker(MarkerKind kind, String id) {
        try (Connection connection = source.open(applicationName("capture-marker"))) {
            guard.checkTables(connection, routing.selected());
            boolean forwarded = ConnectionSettings.version(connection).atLeast(14);
            synchronousCommit(connection, "on");
            long lsn = emit(connection, MarkerMessage.text(kind, id));
            if (!forwarded) {
                requested.removeIf(former -> former.id().equals(id));
                requested.add(new MarkerRequest(kind, id, lsn, clock.millis() * 1000));
            }
        } catch (SQLException e) {
            throw new MigrationException(
                    SqlStates.connecting(e),
                    "the source did not take the marker: " + e.getMessage(),
                    e);
        }
    }

    /** WAL up to here is received and, so far as it held changes of ours, in the log. */
    public long receivedLsn() {
        return receivedLsn;
    }

    /**
     * Why nothing flows. An AUTOMATIC one is being healed and goes away by itself; any other has
     * ended the stream.
     */
    public Optional<MigrationException> failure() {
        return Optional.ofNullable(failure).or(log::waiting);
    }

    /** Whether the log refused this owner: close all that is this owner's. */
    public boolean fenced() {
        return fenced;
    }

    /**
     * Takes nothing more of the source once the log holds none or all of each of its transactions;
     * {@link #drained} tells when. It is still to be closed. Repeats change nothing.
     */
    public void drain() {
        draining = true;
        Run now = running;
        if (now != null) {
            now.decoder.endBetweenTransactions();
        }
    }

    /** Whether that has come to pass, and is committed. */
    public boolean drained() {
        Run now = running;
        return now != null && now.engine.drained();
    }

    /**
     * Ends within seconds, with every connection of ours to the source closed. Repeats change
     * nothing.
     */
    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        Duration backoff = BACKOFF_LEAST;
        try {
            do {
                long began = System.nanoTime();
                try {
                    streamOnce();
                } catch (OwnerFencedException e) {
                    LOG.atWarn()
                            .addKeyValue("migration", databaseId)
                            .log("a newer owner writes the log");
                    fenced = true;
                    return;
                } catch (MigrationException e) {
                    failure = e;
                    if (!report(e)) {
                        return;
                    }
                }
                boolean lasted = System.nanoTime() - began > settings.backoffMost().toNanos() * 2;
                backoff =
                        lasted
                                ? BACKOFF_LEAST
                                : least(backoff.multipliedBy(2), settings.backoffMost());
            } while (!closing.await(backoff.toNanos(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            failure =
                    new MigrationException(ErrorCode.INTERNAL, "streaming the WAL ended: " + e, e);
            report(failure);
        }
    }

    /** Whether it may pass by itself. */
    private boolean report(MigrationException e) {
        boolean passing = e.code().retry() == ErrorCode.Retry.AUTOMATIC;
        (passing ? LOG.atWarn() : LOG.atError())
                .setCause(e)
                .addKeyValue("migration", databaseId)
                .addKeyValue("slot", slot)
                .addKeyValue("code", e.code())
                .log(passing ? "the WAL stream broke and is built anew" : "the WAL stream ended");
        return passing;
    }

    /** Returns when closed. */
    private void streamOnce() throws InterruptedException {
        if (closing.getCount() == 0) {
            return;
        }
        if (log.stream().isEmpty()) {
            throw new IllegalStateException("no stream has begun");
        }
        ServerVersion version = look();
        var decoder = new PgOutputDecoder(routing, markers, requested);
        SlotSettings reading =
                SlotSettings.of(
                        source,
                        applicationName("capture-wal"),
                        slot,
                        log.progress().flushableLsn(),
                        version,
                        settings);
        try (var engine =
                new Engine(
                        "engine-" + databaseId,
                        EngineSettings.of(source, version, reading),
                        log,
                        decoder,
                        settings.heartbeat())) {
            running = new Run(engine, decoder);
            if (draining) {
                decoder.endBetweenTransactions();
            }
            engine.start();
            LOG.atInfo()
                    .addKeyValue("migration", databaseId)
                    .addKeyValue("slot", slot)
                    .log("streaming the WAL");
            watch(engine);
        } catch (MigrationException e) {
            if (e.code() == ErrorCode.SOURCE_REFUSED) {
                // A lost slot is such a refusal, and better known by its name.
                look();
            }
            throw e;
        } finally {
            running = null;
        }
    }

    /** Only to be called while no engine runs. */
    private ServerVersion look() {
        try (Connection watch = open()) {
            guard.check(watch, () -> log.stream().orElseThrow());
            guard.checkTables(watch, routing.selected());
            guard.endFormerWalsender(watch);
            return ConnectionSettings.version(watch);
        } catch (SQLException e) {
            throw new MigrationException(
                    SqlStates.refused(e) ? ErrorCode.SOURCE_REFUSED : SqlStates.connecting(e),
                    "the source cannot be looked at: " + e.getMessage(),
                    e);
        }
    }

    /** Heartbeats and guards until the engine ends or this is closed. */
    private void watch(Engine engine) throws InterruptedException {
        long guardedAt = System.nanoTime();
        @Nullable Connection watch = null;
        try {
            while (closing.getCount() > 0) {
                try {
                    if (watch == null) {
                        watch = open();
                    }
                    emit(watch, MarkerMessage.HEARTBEAT);
                    if (System.nanoTime() - guardedAt >= settings.guard().toNanos()) {
                        guardedAt = System.nanoTime();
                        guard.check(watch, () -> log.stream().orElseThrow());
                        guard.checkTables(watch, routing.selected());
                    }
                } catch (SQLException e) {
                    // If the source is down the engine meets it as well.
                    LOG.atWarn()
                            .setCause(e)
                            .addKeyValue("migration", databaseId)
                            .log("no heartbeat reached the source");
                    close(watch);
                    watch = null;
                }
                if (engine.awaitEnd(settings.heartbeat())) {
                    throw engine.failure();
                }
                receivedLsn = engine.receivedLsn();
                if (engine.receives()) {
                    failure = null;
                }
            }
        } finally {
            close(watch);
        }
    }

    private Connection open() throws SQLException {
        Connection connection = source.open(applicationName("capture-watch"));
        try {
            synchronousCommit(connection, "local");
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    private static void close(@Nullable Connection connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            LOG.atDebug().setCause(e).log("a connection did not close cleanly");
        }
    }

    /**
     * Transactional, since only then does a commit move the slot. Returns the message's end in the
     * WAL.
     */
    private long emit(Connection connection, String text) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(
                        "SELECT (pg_catalog.pg_logical_emit_message(true, ?, ?) - '0/0'::pg_lsn)::bigint")) {
            statement.setQueryTimeout(STATEMENT_SECONDS);
            statement.setString(1, markers.prefix());
            statement.setString(2, text);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /**
     * Whatever the role's default is, the WAL is flushed: the walsender sends nothing before that.
     */
    private static void synchronousCommit(Connection connection, String how) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET synchronous_commit = " + how);
        }
    }

    private String applicationName(String role) {
        return "godwit %s %s %d".formatted(databaseId, role, log.epoch());
    }

    private static Duration least(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
