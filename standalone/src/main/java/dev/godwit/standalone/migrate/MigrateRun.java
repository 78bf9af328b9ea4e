// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.standalone.api.ControlClient;
import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.MigrationStatus;
import dev.godwit.standalone.api.RefusedException;
import dev.godwit.standalone.engine.DataDirectory;
import dev.godwit.standalone.engine.Engine;
import dev.godwit.standalone.engine.Remembered;
import dev.godwit.standalone.migrate.MigrateArguments.Cutover;
import dev.godwit.standalone.migrate.MigrateArguments.Schema;
import dev.godwit.standalone.progress.Reporter;
import dev.godwit.standalone.schema.SchemaCopy;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The one-process engine on the user's databases. What it was asked for is remembered in the data
 * directory before anything is begun, so the same call goes on wherever a former one was killed.
 */
public final class MigrateRun {
    private static final String PROJECT = "godwit";

    private final MigrateArguments arguments;
    private final DataDirectory directory;
    private final Reporter reporter;
    private final Clock clock;

    public MigrateRun(
            MigrateArguments arguments, DataDirectory directory, Reporter reporter, Clock clock) {
        this.arguments = arguments;
        this.directory = directory;
        this.reporter = reporter;
        this.clock = clock;
    }

    /**
     * Checks the arguments against what this directory was used for, and, when it is new, that both
     * servers answer.
     *
     * @return what is remembered from here on
     * @throws MigrationException ARGUMENTS_DIFFER, or why a server does not answer
     */
    public Remembered prepare() throws IOException {
        Optional<Remembered> before = directory.remembered();
        if (before.isPresent()) {
            List<String> differences = before.get().differences(arguments.toMap());
            if (!differences.isEmpty()) {
                throw new MigrationException(
                        ErrorCode.ARGUMENTS_DIFFER,
                        directory.path()
                                + " holds a migration with other arguments: "
                                + String.join("; ", differences));
            }
            return before.get();
        }
        Reachability.require(arguments);
        var remembered =
                new Remembered(
                        arguments.toMap(),
                        "migrate-" + Long.toString(clock.millis(), 36),
                        OptionalLong.empty());
        directory.remember(remembered);
        return remembered;
    }

    /**
     * Creates the target's schema if that is wanted and was not done by a former call. Where it
     * fails, nothing of the migration has begun: the directory is free for other arguments.
     */
    public Remembered createSchema(Remembered remembered) throws IOException, InterruptedException {
        if (arguments.schema() == Schema.EXISTING || remembered.schemaMillis().isPresent()) {
            return remembered;
        }
        long start = System.nanoTime();
        var copy = new SchemaCopy();
        try {
            for (DatabaseMapping mapping : arguments.databases()) {
                copy.copy(
                        arguments.source().connection(mapping.source()),
                        arguments.target().connection(mapping.target()));
            }
        } catch (MigrationException e) {
            directory.forget();
            throw e;
        }
        Remembered done =
                remembered.withSchemaMillis(Duration.ofNanos(System.nanoTime() - start).toMillis());
        directory.remember(done);
        return done;
    }

    /** Follows the migration on a running engine to its end. */
    public Outcome follow(Engine engine, Remembered remembered)
            throws IOException, InterruptedException {
        var control = new ControlClient(engine.address().url(), engine.address().token());
        MigrationStatus migration = createOrTakeUp(control, remembered.migration());
        reporter.say(
                "console and API: %s (token in %s)"
                        .formatted(engine.address(), directory.path().resolve("server.json")));
        var follower = new Follower(reporter, remembered.schemaMillis().orElse(0));
        Map<String, CutoverDriver> drivers = new HashMap<>();
        MigrationStatus ended =
                new Polling(control, migration.id())
                        .until(status -> {
                            for (DatabaseStatus database : status.databases()) {
                                follower.see(database);
                                if (arguments.cutover() == Cutover.WHEN_READY) {
                                    drivers.computeIfAbsent(
                                                    database.name(),
                                                    name ->
                                                            new CutoverDriver(
                                                                    control,
                                                                    status.id(),
                                                                    true,
                                                                    follower))
                                            .step(database);
                                }
                            }
                            return status.databases().stream()
                                    .allMatch(database -> database.ended() || database.failed());
                        });
        Polling.letOthersSee();
        return outcome(control, ended);
    }

    private MigrationStatus createOrTakeUp(ControlClient control, String name)
            throws InterruptedException {
        Optional<MigrationStatus> existing =
                Polling.answered(control::migrations).stream()
                        .filter(migration -> migration.name().equals(name))
                        .findFirst();
        if (existing.isEmpty()) {
            return control.create(arguments.toRequest(new JsonMapper(), PROJECT, name));
        }
        for (DatabaseStatus database : existing.get().databases()) {
            if (database.failed()) {
                control.retry(existing.get().id(), database.name());
            }
        }
        return control.migration(existing.get().id());
    }

    /**
     * Failed checks leave nothing behind, so the directory is free for corrected arguments; so it
     * is once cancelled.
     */
    private Outcome outcome(ControlClient control, MigrationStatus migration)
            throws IOException, InterruptedException {
        List<DatabaseStatus> databases = migration.databases();
        boolean begun = databases.stream().anyMatch(DatabaseStatus::started);
        if (databases.stream().anyMatch(DatabaseStatus::failed)) {
            if (!begun) {
                giveUp(control, migration);
                directory.forget();
                return Outcome.CHECKS_FAILED;
            }
            return Outcome.FAILED;
        }
        if (databases.stream().anyMatch(database -> database.state().equals("cancelled"))) {
            directory.forget();
            return Outcome.FAILED;
        }
        return Outcome.COMPLETED;
    }

    private static void giveUp(ControlClient control, MigrationStatus migration)
            throws InterruptedException {
        for (DatabaseStatus database : migration.databases()) {
            try {
                control.cancel(migration.id(), database.name());
            } catch (RefusedException e) {
                if (!e.conflict()) {
                    throw e;
                }
            }
        }
    }
}
