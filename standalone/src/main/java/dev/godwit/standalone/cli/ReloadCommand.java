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
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "reload",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {
            "Loads tables of a running migration anew, also ones that are new on the source, while the others sync.",
            "A partitioned table means its partitions: those attached since come, those dropped since go.",
            ""
        })
final class ReloadCommand implements Callable<Integer> {
    private final Console console;

    @Mixin private RemoteOptions remote = new RemoteOptions();

    @Option(names = "--add", description = "Tables that --tables does not select, too.")
    private boolean add;

    @Parameters(
            arity = "1..*",
            paramLabel = "TABLE",
            description =
                    "Source table as schema.table; double quotes around a name that holds a dot.")
    private List<String> tables = List.of();

    ReloadCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Console.logNothing();
        ControlClient client = remote.client(console);
        MigrationStatus migration = remote.migration(client);
        List<DatabaseStatus> databases = remote.selected(migration);
        if (databases.size() != 1) {
            throw new InvalidArgumentException(
                    "name one database of migration %s with --database: %s"
                            .formatted(
                                    migration.id(),
                                    databases.stream()
                                            .map(DatabaseStatus::name)
                                            .collect(Collectors.joining(", "))));
        }
        String database = databases.getFirst().name();
        client.reload(migration.id(), database, tables, add);
        console.print(database + ": loads " + String.join(", ", tables));
        return Outcome.COMPLETED.exitCode();
    }
}
