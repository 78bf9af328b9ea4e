// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.benchmark;

import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.capture.fixture.Broker;
import dev.godwit.capture.fixture.FreshStream;
import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.wal.TableRouting;
import dev.godwit.capture.wal.WalSettings;
import dev.godwit.capture.wal.WalStream;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.Secret;
import dev.godwit.schemas.codec.SchemaBook;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.replication.PGReplicationStream;

/**
 * Reads one backlog of WAL from pairs of slots at one position, one by the bare driver and one by
 * capture into a broker of its own, and prints the ratio of their rates. {@code
 * benchmarks/capture.sh} prepares slots and backlog and starts this.
 */
final class CaptureBenchmark {
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final ConnectionSettings source;
    private final Broker broker;

    private CaptureBenchmark(ConnectionSettings source, Broker broker) {
        this.source = source;
        this.broker = broker;
    }

    /** How many changes were read in how long, from the slot's first use on. */
    private record Reading(long changes, long nanos) {
        double perSecond() {
            return changes * (double) TimeUnit.SECONDS.toNanos(1) / nanos;
        }
    }

    /**
     * Prints a line per round.
     *
     * @param args port of the server on this machine, its database, a folder for the broker, and
     *     the ids of the slots: {@code godwit_ID} for capture beside {@code raw_ID} for the driver
     */
    public static void main(String[] args) throws Exception {
        var source =
                new ConnectionSettings(
                        "127.0.0.1",
                        Integer.parseInt(args[0]),
                        args[1],
                        System.getenv().getOrDefault("PGUSER", "postgres"),
                        Secret.of(System.getenv().getOrDefault("PGPASSWORD", "")),
                        "disable",
                        Map.of());
        try (Broker broker = Broker.start(Path.of(args[2]))) {
            var benchmark = new CaptureBenchmark(source, broker);
            long changes = 0;
            for (int round = 3; round < args.length; round++) {
                // The second reader of a piece of WAL finds it cached: they take turns.
                boolean driverFirst = round % 2 == 1;
                Reading raw = driverFirst ? benchmark.raw(args[round]) : null;
                changes = raw == null ? changes : raw.changes;
                Reading ours = benchmark.capture(args[round], changes);
                raw = raw == null ? benchmark.raw(args[round]) : raw;
                System.out.printf(
                        Locale.ROOT,
                        "round %d: %d changes  driver %.0f/s  capture %.0f/s  ratio %.2f%n",
                        round - 2,
                        raw.changes,
                        raw.perSecond(),
                        ours.perSecond(),
                        ours.perSecond() / raw.perSecond());
            }
        }
    }

    /** To the logical message that ends the backlog. */
    private Reading raw(String id) throws SQLException {
        Properties properties = source.properties("raw");
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "10");
        long began = System.nanoTime();
        try (Connection connection = DriverManager.getConnection(source.url(), properties);
                PGReplicationStream stream =
                        connection
                                .unwrap(PGConnection.class)
                                .getReplicationAPI()
                                .replicationStream()
                                .logical()
                                .withSlotName("raw_" + id)
                                .withAutomaticFlush(false)
                                .withSlotOption("proto_version", 1)
                                .withSlotOption("publication_names", "godwit_" + id)
                                .withSlotOption("messages", true)
                                .withStatusInterval(5, TimeUnit.SECONDS)
                                .start()) {
            long changes = 0;
            while (true) {
                @Nullable ByteBuffer message = stream.read();
                if (message == null) {
                    continue;
                }
                switch (message.get(message.position())) {
                    case 'I', 'U', 'D' -> changes++;
                    case 'M' -> {
                        return new Reading(changes, System.nanoTime() - began);
                    }
                    default -> {}
                }
            }
        }
    }

    /** Until so many changes are committed in the log. */
    private Reading capture(String id, long changes) throws Exception {
        broker.createTopics(id, 1);
        try (ChangeLog log =
                ChangeLog.open(broker.settings(), id, SchemaBook.ownOnly(), CrashPoints.none())) {
            try (Connection connection = source.open("benchmark")) {
                FreshStream.begin(log, connection, id);
            }
            try (var wal =
                    new WalStream(
                            source,
                            id,
                            log,
                            (oid, table) -> Optional.of(new TableRouting.Route(table, table)),
                            WalSettings.DEFAULTS,
                            Clock.systemUTC())) {
                wal.start();
                awaitUse(id);
                long began = System.nanoTime();
                await(log, wal, changes);
                return new Reading(changes, System.nanoTime() - began);
            }
        }
    }

    private void awaitUse(String id) throws SQLException {
        try (Connection connection = source.open("benchmark");
                PreparedStatement query =
                        connection.prepareStatement(
                                "SELECT FROM pg_replication_slots WHERE active AND slot_name = ?")) {
            query.setString(1, "godwit_" + id);
            while (!query.executeQuery().next()) {
                LockSupport.parkNanos(LOOK_NANOS);
            }
        }
    }

    private static void await(ChangeLog log, WalStream wal, long changes) {
        while (log.progress().changes() < changes) {
            Optional<MigrationException> failure = wal.failure();
            if (failure.isPresent()) {
                throw failure.get();
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }
}
