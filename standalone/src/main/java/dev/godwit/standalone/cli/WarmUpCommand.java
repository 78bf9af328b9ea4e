// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.demo.Demo;
import dev.godwit.standalone.migrate.Outcome;
import dev.godwit.standalone.postgres.Directories;
import dev.godwit.standalone.progress.PlainReporter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;

/**
 * The demo in a hurry, unseen: the script keeps what the JVM learns from it, classes and profiles
 * (JEP 483, JEP 515), so that every later start is faster.
 */
@Command(
        name = "warm-up",
        hidden = true,
        description = "Migrates the demo's sample once, to learn from it.")
final class WarmUpCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final Console console;

    WarmUpCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, SQLException, InterruptedException {
        Path logs = Files.createTempDirectory("godwit-warm-up-logs-");
        Console.logTo(logs);
        var nowhere =
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        var demo =
                new Demo(
                        DemoCommand.binaries(),
                        DemoCommand.directory(),
                        Demo.Pace.HURRIED,
                        new PlainReporter(nowhere, console.clock()),
                        console.clock());
        var hook = new Thread(() -> giveUp(demo, logs), "interrupted");
        Runtime.getRuntime().addShutdownHook(hook);
        // A first start is not worth more of the user's time.
        CompletableFuture.delayedExecutor(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .execute(() -> Runtime.getRuntime().exit(Outcome.FAILED.exitCode()));
        try {
            Outcome outcome = demo.run();
            return outcome.exitCode();
        } finally {
            remove(demo, logs);
            Runtime.getRuntime().removeShutdownHook(hook);
        }
    }

    private static void remove(Demo demo, Path logs) throws IOException, InterruptedException {
        try {
            demo.remove();
        } finally {
            Directories.delete(logs);
        }
    }

    private void giveUp(Demo demo, Path logs) {
        try {
            remove(demo, logs);
        } catch (IOException | InterruptedException e) {
            console.error("the warm-up left something behind: " + e.getMessage());
        } finally {
            Runtime.getRuntime().halt(Outcome.FAILED.exitCode());
        }
    }
}
