// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.postgres.MigrationException;
import dev.godwit.standalone.api.Trouble;
import dev.godwit.standalone.connection.InvalidArgumentException;
import dev.godwit.standalone.engine.DataDirectory;
import dev.godwit.standalone.engine.Remembered;
import dev.godwit.standalone.migrate.MigrateArguments;
import dev.godwit.standalone.migrate.MigrateArguments.Cutover;
import dev.godwit.standalone.migrate.MigrateArguments.Schema;
import dev.godwit.standalone.migrate.MigrateRun;
import dev.godwit.standalone.progress.Event;
import dev.godwit.standalone.progress.Reporter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "migrate",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {
            "Migrates live databases: full load, then every change as it happens, until the cutover.",
            "The same command goes on after an interruption or a crash.",
            ""
        })
final class MigrateCommand implements Callable<Integer> {
    private static final int LANES_MAX = 64;

    private final Console console;

    @Mixin private ServerOptions servers = new ServerOptions();

    @Option(
            names = "--schema",
            defaultValue = "existing",
            paramLabel = "existing|create",
            description =
                    "existing (default): the target has the tables. create: make them with pg_dump in an empty target.")
    private String schema = "";

    @Option(
            names = "--cutover",
            defaultValue = "manual",
            paramLabel = "manual|when-ready",
            description =
                    "manual (default): wait for godwit cutover. when-ready: fence the source and cut over by itself.")
    private String cutover = "";

    @Option(
            names = "--data-dir",
            defaultValue = "./godwit-data",
            paramLabel = "DIR",
            description =
                    "Where the broker's log and the state are kept (default: ${DEFAULT-VALUE}).")
    private Path dataDirectory = Path.of("");

    @Option(
            names = "--lanes",
            paramLabel = "N",
            description = "Ordered writers of the sync (default: 2).")
    private @Nullable Integer lanes;

    @Option(
            names = "--load-workers",
            paramLabel = "N",
            description =
                    "Connections that read the source's tables (default: this machine's cores, from 2 to 4).")
    private @Nullable Integer loadWorkers;

    @Option(names = "--json", description = "Only JSON lines on standard output.")
    private boolean json;

    MigrateCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        MigrateArguments arguments = arguments();
        Reporter reporter = console.reporter(json);
        try {
            return run(arguments, reporter);
        } catch (MigrationException e) {
            if (json) {
                arguments
                        .databases()
                        .forEach(mapping ->
                                reporter.report(new Event.Failed(mapping.source(), Trouble.of(e))));
            }
            throw e;
        }
    }

    private int run(MigrateArguments arguments, Reporter reporter)
            throws IOException, InterruptedException {
        boolean fresh = !DataDirectory.exists(dataDirectory);
        DataDirectory directory = DataDirectory.open(dataDirectory);
        Console.logTo(directory.path().resolve("logs"));
        try (var session = EngineSession.on(directory, () -> sayHowToGoOn(arguments))) {
            var run = new MigrateRun(arguments, directory, reporter, console.clock());
            Remembered remembered = run.prepare();
            reporter.say((fresh ? "starting in " : "going on in ") + directory.path());
            remembered = run.createSchema(remembered);
            return run.follow(session.start(), remembered).exitCode();
        }
    }

    private void sayHowToGoOn(MigrateArguments arguments) {
        console.error(
                "stopped. Until the migration goes on, its replication slot holds back WAL on the source.");
        console.err()
                .println(
                        "  resume: godwit migrate "
                                + arguments.options().stream()
                                        .map(option ->
                                                option.getKey() + " " + quoted(option.getValue()))
                                        .collect(Collectors.joining(" "))
                                + " --data-dir "
                                + dataDirectory);
        console.err().println("  cancel: godwit cancel --data-dir " + dataDirectory);
    }

    /** For a shell. */
    private static String quoted(String value) {
        return "'" + value.replace("'", "'\\''") + "'";
    }

    private MigrateArguments arguments() {
        return new MigrateArguments(
                servers.source(console),
                servers.target(console),
                servers.mappings(),
                servers.tables(),
                servers.wishes(),
                choice(Schema.class, "--schema", schema),
                choice(Cutover.class, "--cutover", cutover),
                count("--lanes", lanes),
                count("--load-workers", loadWorkers));
    }

    private static <E extends Enum<E>> E choice(Class<E> type, String option, String text) {
        var choices = new ArrayList<String>();
        for (E each : type.getEnumConstants()) {
            String choice = each.name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (choice.equals(text)) {
                return each;
            }
            choices.add(choice);
        }
        throw new InvalidArgumentException(
                option + " " + text + ": write " + String.join(" or ", choices));
    }

    private static OptionalInt count(String option, @Nullable Integer number) {
        if (number == null) {
            return OptionalInt.empty();
        }
        if (number < 1 || number > LANES_MAX) {
            throw new InvalidArgumentException(
                    option + " " + number + ": a number from 1 to " + LANES_MAX);
        }
        return OptionalInt.of(number);
    }
}
