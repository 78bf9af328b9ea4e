// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.progress.Progress;
import dev.godwit.control.progress.Signal;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.topic.TopicAdmin;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that changes desired states. It steps every database migration; commands and the
 * results of checks and comparisons come to it through its mailbox. A change is in the topic before
 * anybody else sees it.
 */
final class Owner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Owner.class);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration COMMAND_MOST = Duration.ofSeconds(15);

    /** What the owner needs. */
    record Tools(
            MigrationLog log,
            Progress progress,
            TopicAdmin topics,
            Planner planner,
            Background background,
            Signal signal,
            Clock clock) {}

    private final Tools tools;
    private final Map<String, Migration> migrations = new ConcurrentHashMap<>();
    private final LinkedBlockingQueue<FutureTask<?>> mailbox = new LinkedBlockingQueue<>();
    private final Set<String> applying = new HashSet<>();
    private final Map<String, Long> quietUntil = new HashMap<>();
    private final Thread thread;

    Owner(Tools tools) {
        this.tools = tools;
        tools.progress()
                .migrations()
                .forEach(migration -> migrations.put(migration.getId(), migration));
        this.thread = Thread.ofPlatform().daemon().name("control-owner").unstarted(this::own);
    }

    void start() {
        thread.start();
    }

    /** The desired states as they are in the topic. */
    List<Migration> migrations() {
        return List.copyOf(migrations.values());
    }

    Optional<Migration> find(String id) {
        return Optional.ofNullable(migrations.get(id));
    }

    /**
     * Runs on the owner thread and waits for the answer.
     *
     * @throws MigrationException what the command threw, or BROKER_FAILED if the owner cannot write
     *     for so long
     */
    <T> T call(Callable<T> command) throws InterruptedException {
        var task = new FutureTask<>(command);
        mailbox.add(task);
        tools.signal().raise();
        try {
            return task.get(COMMAND_MOST.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | CancellationException e) {
            task.cancel(false);
            throw new MigrationException(
                    ErrorCode.BROKER_FAILED,
                    "Kafka has not taken the last change of state for %d seconds"
                            .formatted(COMMAND_MOST.toSeconds()),
                    e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof MigrationException refused) {
                throw refused;
            }
            throw new MigrationException(
                    ErrorCode.INTERNAL, "the request failed: " + e.getCause(), e);
        }
    }

    /** Runs on the owner thread, some time; nobody waits. */
    void post(Runnable command) {
        mailbox.add(new FutureTask<>(command, true));
        tools.signal().raise();
    }

    /** On the owner thread. */
    void dropTopics(String databaseId) throws InterruptedException {
        try {
            tools.topics().dropFor(databaseId);
        } catch (ExecutionException e) {
            throw new MigrationException(
                    ErrorCode.BROKER_FAILED, "Kafka did not drop the topics: " + e.getCause(), e);
        }
    }

    /** On the owner thread: the migration, written to the topic. */
    Migration want(Migration next) throws InterruptedException {
        tools.log().write(next);
        migrations.put(next.getId(), next);
        return next;
    }

    /** On the owner thread: one database of a migration, written to the topic. */
    DatabaseMigration want(String migrationId, DatabaseMigration next) throws InterruptedException {
        Migration migration = migration(migrationId);
        var databases = new ArrayList<DatabaseMigration>();
        WantedPhase before = next.getPhase();
        for (DatabaseMigration database : migration.getDatabases()) {
            boolean changed = database.getId().equals(next.getId());
            before = changed ? database.getPhase() : before;
            databases.add(changed ? next : database);
        }
        want(Migration.newBuilder(migration).setDatabases(databases).build());
        if (before != next.getPhase()) {
            LOG.atInfo()
                    .addKeyValue("migration", next.getId())
                    .log("phase is now {}", next.getPhase());
        }
        if (next.getFailure() != null) {
            LOG.atError()
                    .addKeyValue("migration", next.getId())
                    .addKeyValue("code", next.getFailure().getCode())
                    .log("stopped");
        }
        return next;
    }

    /** On the owner thread. */
    Migration migration(String id) {
        Migration migration = migrations.get(id);
        if (migration == null) {
            throw new MigrationException(
                    ErrorCode.NOT_FOUND, "there is no migration %s".formatted(id));
        }
        return migration;
    }

    /** On the owner thread. */
    DatabaseMigration database(String migrationId, String databaseId) {
        return migration(migrationId).getDatabases().stream()
                .filter(database -> database.getId().equals(databaseId))
                .findFirst()
                .orElseThrow(() ->
                        new MigrationException(
                                ErrorCode.NOT_FOUND,
                                "there is no database migration %s".formatted(databaseId)));
    }

    /** On the owner thread: whether an Apply of this database was already being evaluated. */
    boolean beginApplying(String databaseId) {
        return !applying.add(databaseId);
    }

    /** On the owner thread. */
    void endApplying(String databaseId) {
        applying.remove(databaseId);
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        mailbox.forEach(task -> task.cancel(false));
    }

    private void own() {
        try {
            while (true) {
                for (FutureTask<?> command = mailbox.poll();
                        command != null;
                        command = mailbox.poll()) {
                    command.run();
                    if (Thread.interrupted()) {
                        return;
                    }
                }
                for (Migration migration : migrations()) {
                    for (DatabaseMigration database : migration.getDatabases()) {
                        step(migration, database);
                    }
                }
                tools.signal().await(LOOK_AGAIN);
            }
        } catch (InterruptedException | org.apache.kafka.common.errors.InterruptException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void step(Migration migration, DatabaseMigration database) throws InterruptedException {
        String id = database.getId();
        if (System.nanoTime() < quietUntil.getOrDefault(id, Long.MIN_VALUE)) {
            return;
        }
        try {
            var now = tools.clock().instant().truncatedTo(ChronoUnit.MILLIS);
            switch (tools.planner()
                    .next(database, tools.progress().of(id), applying.contains(id), now)) {
                case Step.Stay() -> {}
                case Step.Want(DatabaseMigration next) -> want(migration.getId(), next);
                case Step.DropTopics(DatabaseMigration then) -> {
                    dropTopics(id);
                    want(migration.getId(), then);
                }
                case Step.Assess() -> tools.background().assess(this, migration, database);
                case Step.Compare() -> tools.background().compare(this, migration, database);
            }
        } catch (RuntimeException e) {
            if (e instanceof org.apache.kafka.common.errors.InterruptException closed) {
                throw closed;
            }
            LOG.atWarn()
                    .setCause(e)
                    .addKeyValue("migration", id)
                    .log("a step failed and is tried again");
            quietUntil.put(id, System.nanoTime() + AFTER_FAILURE.toNanos());
        }
    }

    /**
     * On the owner thread, with what another thread found: changes the database if it is still as
     * it was when asked, at the same gate above all.
     */
    void settle(
            Migration asked, DatabaseMigration askedFor, UnaryOperator<DatabaseMigration> change)
            throws InterruptedException {
        DatabaseMigration now = database(asked.getId(), askedFor.getId());
        if (now.getPhase() == askedFor.getPhase()
                && now.getRetries() == askedFor.getRetries()
                && Objects.equals(now.getGateMarker(), askedFor.getGateMarker())
                && now.getFailure() == null) {
            DatabaseMigration next = change.apply(now);
            if (!next.equals(now)) {
                want(asked.getId(), next);
            }
        }
    }

    void quiet(String databaseId, Duration howLong) {
        quietUntil.put(databaseId, System.nanoTime() + howLong.toNanos());
    }
}
