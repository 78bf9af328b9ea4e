// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.assessment.SchemaDifferences;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.Finding;
import dev.godwit.schemas.FindingResult;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.WantedPhase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the schemas of every database migration that loads or syncs, and at the oids of its
 * large objects, once in a while, so that an operator hears of a change long before the cutover. It
 * decides nothing: a cutover looks for itself.
 */
final class SchemaWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SchemaWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(10);

    private final Supplier<List<Migration>> migrations;
    private final Connections connections;
    private final Predicate<DatabaseMigration> loaded;
    private final Map<String, List<Finding>> found = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    private SchemaWatch(
            Supplier<List<Migration>> migrations,
            Connections connections,
            Predicate<DatabaseMigration> loaded) {
        this.migrations = migrations;
        this.connections = connections;
        this.loaded = loaded;
        this.thread = Thread.ofPlatform().daemon().name("control-schemas").unstarted(this::run);
    }

    /**
     * Watches until it is closed.
     *
     * @param loaded whether all that a database migration loads is loaded
     */
    static SchemaWatch start(
            Supplier<List<Migration>> migrations,
            Connections connections,
            Predicate<DatabaseMigration> loaded) {
        var watch = new SchemaWatch(migrations, connections, loaded);
        watch.thread.start();
        return watch;
    }

    /** What was different at the last look. */
    List<Finding> found(String databaseId) {
        return found.getOrDefault(databaseId, List.of());
    }

    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
    }

    private void run() {
        try {
            while (!closing.await(EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                for (Migration migration : migrations.get()) {
                    for (DatabaseMigration database : migration.getDatabases()) {
                        look(migration, database);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look(Migration migration, DatabaseMigration database) throws InterruptedException {
        if (database.getPhase() != WantedPhase.RUN && database.getPhase() != WantedPhase.CUT_OVER) {
            found.remove(database.getId());
            return;
        }
        try {
            var differences =
                    new ArrayList<Finding>(
                            differences(connections, migration, database, "schemas").look());
            if (loaded.test(database)) {
                new LargeObjectGuard(connections, migration, database)
                        .look("schemas")
                        .map(SchemaWatch::finding)
                        .ifPresent(differences::add);
            }
            found.put(database.getId(), List.copyOf(differences));
        } catch (MigrationException e) {
            // Capture and apply say what ails a side; this is asked again.
            LOG.atDebug()
                    .setCause(e)
                    .addKeyValue("migration", database.getId())
                    .log("the schemas were not looked at");
        } catch (RuntimeException e) {
            LOG.atWarn()
                    .setCause(e)
                    .addKeyValue("migration", database.getId())
                    .log("the schemas were not looked at");
        }
    }

    private static Finding finding(Failure changed) {
        return new Finding(
                "source.large-objects",
                FindingResult.FAILED,
                changed.getWhat(),
                changed.getRemedy());
    }

    static SchemaDifferences differences(
            Connections connections, Migration migration, DatabaseMigration database, String role) {
        return new SchemaDifferences(
                connections.source(migration, database),
                connections.target(migration, database),
                migration.getTablePatterns(),
                database,
                "godwit %s %s".formatted(database.getId(), role));
    }
}
