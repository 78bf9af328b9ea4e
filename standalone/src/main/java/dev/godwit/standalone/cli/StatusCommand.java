// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.api.ControlClient;
import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.MigrationStatus;
import dev.godwit.standalone.migrate.Follower;
import dev.godwit.standalone.migrate.Outcome;
import dev.godwit.standalone.migrate.Polling;
import dev.godwit.standalone.progress.Reporter;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {"Shows how far a migration is.", ""})
final class StatusCommand implements Callable<Integer> {
    private final Console console;

    @Mixin private RemoteOptions remote = new RemoteOptions();

    @Option(names = "--watch", description = "Go on showing it until it ends.")
    private boolean watch;

    @Option(
            names = "--json",
            description =
                    "The server's JSON on one line; with --watch the events of godwit migrate --json.")
    private boolean json;

    StatusCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Console.logNothing();
        ControlClient client = remote.client(console);
        MigrationStatus migration = remote.migration(client);
        if (watch) {
            return watched(client, migration);
        }
        if (json) {
            console.print(migration.json().toString());
        } else {
            remote.selected(migration)
                    .forEach(database -> console.print(StatusText.of(migration, database)));
        }
        return Outcome.COMPLETED.exitCode();
    }

    private int watched(ControlClient client, MigrationStatus migration)
            throws InterruptedException {
        Reporter reporter = console.reporter(json);
        var follower = new Follower(reporter, 0);
        MigrationStatus ended =
                new Polling(client, migration.id())
                        .until(status -> {
                            remote.selected(status).forEach(follower::see);
                            return remote.selected(status).stream()
                                    .allMatch(database -> database.ended() || database.failed());
                        });
        boolean failed = remote.selected(ended).stream().anyMatch(DatabaseStatus::failed);
        return (failed ? Outcome.FAILED : Outcome.COMPLETED).exitCode();
    }
}
