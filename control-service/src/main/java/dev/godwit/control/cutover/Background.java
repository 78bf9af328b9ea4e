// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.assessment.Assessment;
import dev.godwit.control.comparison.Comparison;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.TableReport;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.topic.TopicAdmin;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks and comparisons: they wait for databases, so they run beside the owner and bring it what
 * they found.
 */
final class Background implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Background.class);
    private static final int LOAD_PARTITIONS = 4;
    private static final Duration COMMIT_BECOMES_VISIBLE = Duration.ofSeconds(1);
    private static final Duration TRY_AGAIN = Duration.ofSeconds(2);

    private final Connections connections;
    private final TopicAdmin topics;
    private final Planner planner;
    private final Clock clock;
    private final ExecutorService threads =
            Executors.newThreadPerTaskExecutor(
                    Thread.ofPlatform().daemon().name("control-work-", 0).factory());
    private final Set<String> running = ConcurrentHashMap.newKeySet();
    private final Map<String, Trouble> troubles = new ConcurrentHashMap<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    Background(Connections connections, TopicAdmin topics, Planner planner, Clock clock) {
        this.connections = connections;
        this.topics = topics;
        this.planner = planner;
        this.clock = clock;
    }

    /** Of a check, or of the comparison behind this gate. */
    private record Trouble(WantedPhase phase, @Nullable String gate, MigrationException failure) {}

    /** One thing at a time for each database: a second call while the first works does nothing. */
    void assess(Owner owner, Migration migration, DatabaseMigration database) {
        begin(
                owner,
                migration,
                database,
                () -> {
                    int slots =
                            1
                                    + (int)
                                            migration.getDatabases().stream()
                                                    .filter(other ->
                                                            other.getPhase() == WantedPhase.CHECK)
                                                    .count();
                    Assessment.Outcome outcome =
                            new Assessment(
                                            connections.source(migration, database),
                                            connections.target(migration, database),
                                            migration.getTablePatterns(),
                                            database.getRules(),
                                            slots,
                                            name(database, "check"))
                                    .run();
                    settle(owner, migration, database, now -> assessed(now, outcome));
                });
    }

    /**
     * As {@link #assess}. A difference is looked at once more: a commit may become visible after it
     * is in the WAL.
     */
    void compare(Owner owner, Migration migration, DatabaseMigration database) {
        begin(
                owner,
                migration,
                database,
                () -> {
                    var comparison =
                            new Comparison(
                                    connections.source(migration, database),
                                    connections.target(migration, database),
                                    name(database, "compare"));
                    List<TableReport> first = comparison.run(database.getTables());
                    boolean equal = first.stream().allMatch(TableReport::getEqual);
                    if (!equal
                            && closed.await(
                                    COMMIT_BECOMES_VISIBLE.toMillis(), TimeUnit.MILLISECONDS)) {
                        return;
                    }
                    List<TableReport> last = equal ? first : comparison.run(database.getTables());
                    // Behind the rows: nothing but the fence keeps them as they are.
                    LargeObjectGuard.Verdict objects =
                            new LargeObjectGuard(connections, migration, database)
                                    .compare("compare");
                    settle(
                            owner,
                            migration,
                            database,
                            now ->
                                    objects.refusal()
                                            .map(failure -> Planner.refused(now, failure))
                                            .orElseGet(() ->
                                                    planner.compared(now, last, objects.report())));
                });
    }

    /** What keeps its check or comparison from its end, and is tried again by itself. */
    Optional<MigrationException> trouble(DatabaseMigration database) {
        return Optional.ofNullable(troubles.get(database.getId()))
                .filter(trouble ->
                        trouble.phase() == database.getPhase()
                                && Objects.equals(trouble.gate(), database.getGateMarker()))
                .map(Trouble::failure);
    }

    @Override
    public void close() {
        closed.countDown();
        threads.shutdownNow();
    }

    private DatabaseMigration assessed(DatabaseMigration wanted, Assessment.Outcome outcome) {
        DatabaseMigration.Builder next =
                DatabaseMigration.newBuilder(wanted).setFindings(outcome.findings());
        if (outcome.failure().isPresent()) {
            return next.setFailure(outcome.failure().get()).build();
        }
        createTopics(wanted.getId());
        return next.setTables(outcome.tables())
                .setLargeObjects(outcome.largeObjects())
                .setPhase(WantedPhase.RUN)
                .setStartedOn(clock.instant().truncatedTo(ChronoUnit.MILLIS))
                .build();
    }

    /** On the owner thread, so that a cancel finds either none of them or all. */
    private void createTopics(String databaseId) {
        try {
            topics.createFor(databaseId, LOAD_PARTITIONS);
        } catch (ExecutionException e) {
            throw new MigrationException(
                    ErrorCode.BROKER_FAILED, "Kafka did not create the topics: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MigrationException(
                    ErrorCode.BROKER_FAILED,
                    "the control service stopped before the topics were created",
                    e);
        }
    }

    private void begin(Owner owner, Migration migration, DatabaseMigration database, Work work) {
        if (!running.add(database.getId())) {
            return;
        }
        threads.execute(() -> {
            try {
                work.run();
                troubles.remove(database.getId());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                failed(owner, migration, database, e);
            } finally {
                running.remove(database.getId());
            }
        });
    }

    /**
     * What heals by itself is tried again after a while; the rest stops the database migration and
     * waits for Retry.
     */
    private void failed(Owner owner, Migration migration, DatabaseMigration database, Exception e) {
        MigrationException failure =
                e instanceof MigrationException known
                        ? known
                        : new MigrationException(ErrorCode.INTERNAL, String.valueOf(e), e);
        LOG.atWarn()
                .setCause(e)
                .addKeyValue("migration", database.getId())
                .addKeyValue("code", failure.code())
                .log("checking or comparing failed");
        try {
            if (failure.code().retry() == ErrorCode.Retry.AUTOMATIC) {
                troubles.put(
                        database.getId(),
                        new Trouble(database.getPhase(), database.getGateMarker(), failure));
                owner.call(() -> {
                    owner.quiet(database.getId(), TRY_AGAIN);
                    return true;
                });
            } else {
                troubles.remove(database.getId());
                settle(
                        owner,
                        migration,
                        database,
                        now ->
                                DatabaseMigration.newBuilder(now)
                                        .setFailure(failure.toFailure())
                                        .build());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (MigrationException later) {
            LOG.atWarn()
                    .setCause(later)
                    .addKeyValue("migration", database.getId())
                    .log("the result was not taken and is asked for again");
        }
    }

    private static void settle(
            Owner owner,
            Migration migration,
            DatabaseMigration database,
            UnaryOperator<DatabaseMigration> change)
            throws InterruptedException {
        owner.call(() -> {
            owner.settle(migration, database, change);
            return true;
        });
    }

    private static String name(DatabaseMigration database, String role) {
        return "godwit %s %s".formatted(database.getId(), role);
    }

    private interface Work {
        void run() throws Exception;
    }
}
