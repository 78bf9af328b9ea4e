// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.demo;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.Secret;
import dev.godwit.standalone.api.ControlClient;
import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.MigrationStatus;
import dev.godwit.standalone.connection.ConnectionUrl;
import dev.godwit.standalone.engine.DataDirectory;
import dev.godwit.standalone.engine.Engine;
import dev.godwit.standalone.migrate.CutoverDriver;
import dev.godwit.standalone.migrate.DatabaseMapping;
import dev.godwit.standalone.migrate.Follower;
import dev.godwit.standalone.migrate.MigrateArguments;
import dev.godwit.standalone.migrate.Outcome;
import dev.godwit.standalone.migrate.Polling;
import dev.godwit.standalone.postgres.Directories;
import dev.godwit.standalone.postgres.PostgresBinaries;
import dev.godwit.standalone.postgres.PostgresServer;
import dev.godwit.standalone.progress.Reporter;
import dev.godwit.standalone.progress.Wording;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The demo, step by step. What it made, processes and directory, is gone after {@link #remove}. */
public final class Demo {
    private static final int SOURCE_MAJOR = 13;
    private static final int TARGET_MAJOR = 18;
    private static final long SEED = 20_260_101;

    /**
     * How long the spectator is shown what goes on.
     *
     * @param sync the writer goes on for as long after Ready to cutover
     * @param onTheTarget and for as long in its new home
     */
    public record Pace(Duration sync, Duration onTheTarget) {
        public static final Pace SHOWN = new Pace(Duration.ofSeconds(8), Duration.ofSeconds(2));
        public static final Pace HURRIED = new Pace(Duration.ofSeconds(1), Duration.ZERO);
    }

    private final Path binaries;
    private final Path directory;
    private final Pace pace;
    private final Reporter reporter;
    private final Clock clock;
    private @Nullable PostgresServer source;
    private @Nullable PostgresServer target;
    private @Nullable DataDirectory data;
    private @Nullable Engine engine;
    private @Nullable LiveWriter writer;
    private boolean closed;

    /**
     * A demo that has not begun.
     *
     * @param binaries directory with 13.jar and 18.jar
     * @param directory for everything; it is deleted at the end
     */
    public Demo(Path binaries, Path directory, Pace pace, Reporter reporter, Clock clock) {
        this.binaries = binaries;
        this.directory = directory;
        this.pace = pace;
        this.reporter = reporter;
        this.clock = clock;
    }

    /** Runs it to its end. */
    public Outcome run() throws IOException, SQLException, InterruptedException {
        reporter.say(
                "A film-rental shop moves from PostgreSQL %d to %d while it is open."
                        .formatted(SOURCE_MAJOR, TARGET_MAJOR));
        var password = Secret.of(UUID.randomUUID().toString());
        // The engine takes as long to start as all before it: side by side.
        try (var threads =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofPlatform().name("demo-", 0).factory())) {
            Future<Engine> starting = threads.submit(this::keepEngine);
            startServers(password);
            ConnectionSettings from = sample(source);
            ConnectionSettings to = sample(target);
            LiveWriter shop = open(from, to);
            Engine running = starting.get();
            step(
                    "engine",
                    "Kafka and the three services in this process; console and API: %s/?token=%s"
                            .formatted(running.address(), running.address().token()));
            var control = new ControlClient(running.address().url(), running.address().token());
            MigrationStatus ended = migrate(control, arguments(from, to, password), shop);
            boolean completed = ended.databases().getFirst().state().equals("completed");
            return completed ? prove(from, to, shop) : Outcome.FAILED;
        } catch (ExecutionException e) {
            throw new IOException("the engine does not start", e.getCause());
        }
    }

    private LiveWriter open(ConnectionSettings from, ConnectionSettings to)
            throws IOException, SQLException {
        step(
                "servers",
                "source PostgreSQL %d at %s:%d, target PostgreSQL %d at %s:%d"
                        .formatted(
                                SOURCE_MAJOR,
                                from.host(),
                                from.port(),
                                TARGET_MAJOR,
                                to.host(),
                                to.port()));
        for (ConnectionSettings each : List.of(from, to)) {
            Sample.createDatabase(each.withDatabase(PostgresServer.USER));
            Sample.createSchema(each);
        }
        Sample.insertRows(from);
        step(
                "sample",
                "the shop's schema on both, 50,000 rows on the source: enum, domain, arrays, ranges, jsonb, partitions, triggers, ...");
        LiveWriter shop = keepWriter(LiveWriter.start(from, clock, SEED));
        step(
                "live writer",
                "rentals, payments, updates, deletes, key changes, rollbacks: about 80 transactions a second");
        return shop;
    }

    /** Stops and removes everything; a second call does nothing. */
    public synchronized void remove() throws IOException, InterruptedException {
        if (closed) {
            return;
        }
        closed = true;
        if (writer != null) {
            writer.stop();
        }
        if (engine != null) {
            engine.close();
        }
        if (data != null) {
            data.close();
        }
        if (source != null) {
            source.close();
        }
        if (target != null) {
            target.close();
        }
        Directories.delete(directory);
    }

    private MigrationStatus migrate(
            ControlClient control, MigrateArguments arguments, LiveWriter shop)
            throws InterruptedException {
        MigrationStatus created =
                Polling.answered(() ->
                        control.create(arguments.toRequest(new JsonMapper(), "demo", "demo")));
        var follower = new Follower(reporter, 0);
        var driver = new CutoverDriver(control, created.id(), true, follower);
        var ready = new ReadySince();
        return new Polling(control, created.id())
                .until(status -> {
                    DatabaseStatus database = status.databases().getFirst();
                    follower.see(database);
                    if (ready.longEnough(database)) {
                        if (database.state().equals("ready_to_cutover")) {
                            step(
                                    "cutover",
                                    "after %s committed transactions: the source is fenced, the writer ends"
                                            .formatted(Wording.count(shop.committed())));
                        }
                        driver.step(database);
                    }
                    return database.ended() || database.failed();
                });
    }

    /** The writer goes on for a while after Ready to cutover, so that one sees changes follow. */
    private final class ReadySince {
        private Optional<Instant> since = Optional.empty();

        boolean longEnough(DatabaseStatus database) {
            if (since.isEmpty() && database.state().equals("ready_to_cutover")) {
                since = Optional.of(clock.instant());
            }
            return since.map(start -> start.plus(pace.sync()).isBefore(clock.instant()))
                    .orElse(false);
        }
    }

    private Outcome prove(ConnectionSettings from, ConnectionSettings to, LiveWriter shop)
            throws IOException, SQLException, InterruptedException {
        shop.stop();
        Optional<SQLException> failure = shop.failure();
        if (failure.isPresent()) {
            throw failure.get();
        }
        Duration outage = Duration.between(shop.lastCommit(), clock.instant());
        Proof proof = Proof.of(from, to);
        if (!proof.differences().isEmpty()) {
            proof.differences().forEach(difference -> step("proof", difference));
            throw new MigrationException(
                    ErrorCode.ROWS_DIFFER, "%d differences".formatted(proof.differences().size()));
        }
        step(
                "proof",
                "%s rows in %d tables compared line by line on both sides; constraints, indexes, triggers, sequences too: equal"
                        .formatted(Wording.count(proof.rows()), proof.tables()));
        long onTarget = writeOnTarget(to);
        step(
                "new home",
                "the shop goes on at the target: %d transactions with fresh keys"
                        .formatted(onTarget));
        step(
                "write outage",
                "%s from the last commit on the source to Completed (%s transactions committed, %s rolled back before)"
                        .formatted(
                                Wording.time(outage),
                                Wording.count(shop.committed()),
                                Wording.count(shop.rolledBack())));
        return Outcome.COMPLETED;
    }

    private long writeOnTarget(ConnectionSettings to) throws SQLException, InterruptedException {
        LiveWriter moved = keepWriter(LiveWriter.start(to, clock, SEED + 1));
        Instant end = clock.instant().plus(pace.onTheTarget());
        while (!moved.ended() && clock.instant().isBefore(end)) {
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
        moved.stop();
        Optional<SQLException> failure = moved.failure();
        if (failure.isPresent()) {
            throw failure.get();
        }
        return moved.committed();
    }

    private MigrateArguments arguments(
            ConnectionSettings from, ConnectionSettings to, Secret password) {
        return new MigrateArguments(
                server(from, password),
                server(to, password),
                List.of(new DatabaseMapping(Sample.DATABASE, Sample.DATABASE)),
                List.of(),
                List.of(),
                MigrateArguments.Schema.EXISTING,
                MigrateArguments.Cutover.WHEN_READY,
                OptionalInt.empty(),
                OptionalInt.empty());
    }

    private static MigrateArguments.Server server(ConnectionSettings settings, Secret password) {
        return new MigrateArguments.Server(
                new ConnectionUrl(
                        settings.host(),
                        settings.port(),
                        Optional.of(settings.database()),
                        settings.user(),
                        Optional.empty(),
                        settings.sslMode(),
                        Map.of()),
                password);
    }

    private PostgresServer server(int major, Secret password, Map<String, String> settings)
            throws IOException, InterruptedException {
        return PostgresServer.start(
                PostgresBinaries.of(binaries, major),
                directory.resolve("postgresql-" + major),
                password,
                settings);
    }

    /** Both side by side: most of it is waiting for their disks. */
    private void startServers(Secret password) throws IOException, InterruptedException {
        try (var threads =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofPlatform().name("server-", 0).factory())) {
            Future<?> older =
                    threads.submit(() -> {
                        keepSource(server(SOURCE_MAJOR, password, Map.of("wal_level", "logical")));
                        return null;
                    });
            Future<?> newer =
                    threads.submit(() -> {
                        keepTarget(server(TARGET_MAJOR, password, Map.of()));
                        return null;
                    });
            older.get();
            newer.get();
        } catch (ExecutionException e) {
            throw new IOException("a server does not start", e.getCause());
        }
    }

    private synchronized void keepSource(PostgresServer started) {
        source = started;
    }

    private synchronized void keepTarget(PostgresServer started) {
        target = started;
    }

    private static ConnectionSettings sample(@Nullable PostgresServer server) {
        return Objects.requireNonNull(server).connection(Sample.DATABASE);
    }

    private synchronized LiveWriter keepWriter(LiveWriter started) {
        writer = started;
        return started;
    }

    private Engine keepEngine() throws IOException, InterruptedException {
        DataDirectory opened = DataDirectory.open(directory.resolve("data"));
        synchronized (this) {
            data = opened;
        }
        Engine started = Engine.start(opened);
        synchronized (this) {
            engine = started;
        }
        return started;
    }

    private void step(String title, String text) {
        reporter.say("%-13s %s".formatted(title, text));
    }
}
