// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.api.ControlClient;
import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.MigrationStatus;
import dev.godwit.standalone.connection.InvalidArgumentException;
import dev.godwit.standalone.engine.DataDirectory;
import dev.godwit.standalone.engine.Engine;
import dev.godwit.standalone.migrate.Follower;
import dev.godwit.standalone.migrate.Outcome;
import dev.godwit.standalone.migrate.Polling;
import dev.godwit.standalone.progress.Reporter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "cancel",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {
            "Gives a migration up: drops its slot and publication on the source, lifts the fence, restores the target's schema.",
            "With --data-dir it starts the engine for that if none runs there.",
            ""
        })
final class CancelCommand implements Callable<Integer> {
    private final Console console;

    @Mixin private RemoteOptions remote = new RemoteOptions();

    @Option(names = "--json", description = "Only JSON lines on standard output.")
    private boolean json;

    CancelCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!remote.local(console) || DataDirectory.answering(remote.dataDirectory())) {
            Console.logNothing();
            return cancel(remote.client(console));
        }
        return cancelAlone(remote.dataDirectory());
    }

    private int cancelAlone(Path path) throws IOException, InterruptedException {
        if (!DataDirectory.exists(path)) {
            throw new InvalidArgumentException("there is no migration in " + path);
        }
        DataDirectory directory = DataDirectory.open(path);
        Console.logTo(directory.path().resolve("logs"));
        try (var session =
                EngineSession.on(
                        directory, () -> console.error("interrupted: run godwit cancel again"))) {
            Engine engine = session.start();
            int exitCode =
                    cancel(new ControlClient(engine.address().url(), engine.address().token()));
            if (exitCode == Outcome.COMPLETED.exitCode()) {
                directory.forget();
            }
            return exitCode;
        }
    }

    private int cancel(ControlClient client) throws InterruptedException {
        MigrationStatus migration = Polling.answered(() -> remote.migration(client));
        for (DatabaseStatus database : remote.selected(migration)) {
            if (!database.ended()) {
                client.cancel(migration.id(), database.name());
            }
        }
        Reporter reporter = console.reporter(json);
        var follower = new Follower(reporter, 0);
        MigrationStatus ended =
                new Polling(client, migration.id())
                        .until(status -> {
                            remote.selected(status).forEach(follower::see);
                            return remote.selected(status).stream().allMatch(DatabaseStatus::ended);
                        });
        Outcome outcome = Outcome.COMPLETED;
        for (DatabaseStatus database : remote.selected(ended)) {
            if (database.state().equals("completed")) {
                console.error(database.name() + " is completed: there is nothing to cancel");
                outcome = Outcome.FAILED;
            }
        }
        return outcome.exitCode();
    }
}
