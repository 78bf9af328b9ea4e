// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.standalone.api.ControlClient;
import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.MigrationStatus;
import dev.godwit.standalone.api.Trouble;
import dev.godwit.standalone.connection.InvalidArgumentException;
import dev.godwit.standalone.migrate.CutoverDriver;
import dev.godwit.standalone.migrate.Follower;
import dev.godwit.standalone.migrate.Outcome;
import dev.godwit.standalone.migrate.Polling;
import dev.godwit.standalone.progress.Event;
import dev.godwit.standalone.progress.Reporter;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "cutover",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {
            "Cuts over: starts the cutover, waits until no change is pending, applies, and ends when the target is proven equal.",
            "Stop the application's writes first, or use --fence.",
            ""
        })
final class CutoverCommand implements Callable<Integer> {
    private static final String STILL_FENCED =
            "the source is still fenced: read-only. Run the same command to go on with the cutover, or godwit cancel to give up and lift the fence";

    private final Console console;

    @Mixin private RemoteOptions remote = new RemoteOptions();

    @Option(names = "--confirm", description = "Required: yes, cut over.")
    private boolean confirm;

    @Option(
            names = "--fence",
            description = "Make the source read-only and end its other sessions first.")
    private boolean fence;

    @Option(
            names = "--timeout",
            defaultValue = "300",
            paramLabel = "SECONDS",
            description =
                    "How long to wait for pending 0 before giving up with exit code 4 (default: ${DEFAULT-VALUE}).")
    private long timeoutSeconds;

    @Option(names = "--json", description = "Only JSON lines on standard output.")
    private boolean json;

    CutoverCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Console.logNothing();
        if (!confirm) {
            throw new MigrationException(
                    ErrorCode.CONFIRM_MISSING,
                    "the cutover ends the migration and wants --confirm");
        }
        if (timeoutSeconds < 1) {
            throw new InvalidArgumentException(
                    "--timeout " + timeoutSeconds + ": at least 1 second");
        }
        ControlClient client = remote.client(console);
        return cutOver(client, remote.migration(client));
    }

    private int cutOver(ControlClient client, MigrationStatus migration)
            throws InterruptedException {
        Reporter reporter = console.reporter(json);
        var follower = new Follower(reporter, 0);
        Map<String, CutoverDriver> drivers = new HashMap<>();
        long deadline = System.nanoTime() + Duration.ofSeconds(timeoutSeconds).toNanos();
        MigrationStatus last =
                new Polling(client, migration.id())
                        .until(status -> {
                            boolean late = System.nanoTime() > deadline;
                            boolean done = true;
                            for (DatabaseStatus database : remote.selected(status)) {
                                follower.see(database);
                                CutoverDriver driver =
                                        drivers.computeIfAbsent(
                                                database.name(),
                                                name ->
                                                        new CutoverDriver(
                                                                client,
                                                                status.id(),
                                                                fence,
                                                                follower));
                                driver.step(database);
                                done &=
                                        database.ended()
                                                || database.failed()
                                                || (late && !driver.granted());
                            }
                            return done;
                        });
        return outcome(reporter, remote.selected(last), drivers).exitCode();
    }

    private Outcome outcome(
            Reporter reporter, List<DatabaseStatus> databases, Map<String, CutoverDriver> drivers) {
        Outcome outcome = Outcome.COMPLETED;
        for (DatabaseStatus database : databases) {
            if (database.failed() || database.state().equals("cancelled")) {
                return Outcome.FAILED;
            }
            CutoverDriver driver = drivers.get(database.name());
            if (!database.ended() && driver != null) {
                Trouble refusal = driver.refusal().orElseGet(() -> notReady(database));
                reporter.report(new Event.CutoverRefused(database.name(), refusal));
                if (database.fenced()) {
                    reporter.report(new Event.Note(database.name(), STILL_FENCED));
                }
                outcome = Outcome.CUTOVER_REFUSED;
            }
        }
        return outcome;
    }

    private static Trouble notReady(DatabaseStatus database) {
        ErrorCode code =
                database.state().equals("cutting_over")
                        ? ErrorCode.CHANGES_PENDING
                        : ErrorCode.CUTOVER_NOT_READY;
        return new Trouble(
                code.name(),
                "%d changes were pending in state %s when the time was over"
                        .formatted(database.pendingChanges(), database.state()),
                code.remedy());
    }
}
