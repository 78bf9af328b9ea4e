// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.demo.Demo;
import dev.godwit.standalone.migrate.Outcome;
import dev.godwit.standalone.postgres.Directories;
import dev.godwit.standalone.progress.Reporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {
            "Shows a whole migration on this machine: PostgreSQL 13 to 18 under a live writer, cut over and proven equal.",
            "It takes about a minute and leaves nothing behind.",
            ""
        })
final class DemoCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--json", description = "Only JSON lines on standard output.")
    private boolean json;

    DemoCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, SQLException, InterruptedException {
        long start = System.nanoTime();
        Path directory = directory();
        Path logs = Files.createTempDirectory("godwit-demo-logs-");
        Console.logTo(logs);
        Reporter reporter = console.reporter(json);
        var demo = new Demo(binaries(), directory, Demo.Pace.SHOWN, reporter, console.clock());
        var hook = new Thread(() -> interrupted(demo, logs), "interrupted");
        Runtime.getRuntime().addShutdownHook(hook);
        Outcome outcome = Outcome.FAILED;
        try {
            outcome = demo.run();
        } finally {
            demo.remove();
            Runtime.getRuntime().removeShutdownHook(hook);
            if (outcome == Outcome.COMPLETED) {
                Directories.delete(logs);
            } else {
                console.error("the demo failed; its log is " + logs.resolve("godwit.log"));
            }
        }
        reporter.say(
                "done in %d s; nothing is left behind"
                        .formatted(Duration.ofNanos(System.nanoTime() - start).toSeconds()));
        return outcome.exitCode();
    }

    /** The servers may run as another user, who has to get through here. */
    static Path directory() throws IOException {
        Path directory = Files.createTempDirectory("godwit-demo-");
        return Files.setPosixFilePermissions(
                directory, PosixFilePermissions.fromString("rwx--x--x"));
    }

    /** The build leaves them beside the program. */
    static Path binaries() {
        return Path.of(System.getProperty("godwit.postgres", "postgres"));
    }

    private void interrupted(Demo demo, Path logs) {
        try {
            demo.remove();
            Directories.delete(logs);
        } catch (IOException | InterruptedException e) {
            console.error("the demo left something behind: " + e.getMessage());
        }
        Runtime.getRuntime().halt(Outcome.INTERRUPTED.exitCode());
    }
}
