// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.api.ControlClient;
import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.MigrationStatus;
import dev.godwit.standalone.connection.InvalidArgumentException;
import dev.godwit.standalone.migrate.Outcome;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "retry",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {
            "Lets a failed migration go on where it stands, once its cause is mended.",
            "After godwit migrate has ended with a failure: start the same godwit migrate again instead.",
            ""
        })
final class RetryCommand implements Callable<Integer> {
    private final Console console;

    @Mixin private RemoteOptions remote = new RemoteOptions();

    RetryCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Console.logNothing();
        ControlClient client = remote.client(console);
        MigrationStatus migration = remote.migration(client);
        List<DatabaseStatus> failed =
                remote.selected(migration).stream()
                        .filter(database -> database.failed() || database.failure().isPresent())
                        .toList();
        if (failed.isEmpty()) {
            throw new InvalidArgumentException(
                    "nothing of migration " + migration.id() + " has failed");
        }
        for (DatabaseStatus database : failed) {
            client.retry(migration.id(), database.name());
            console.print(database.name() + ": goes on");
        }
        return Outcome.COMPLETED.exitCode();
    }
}
