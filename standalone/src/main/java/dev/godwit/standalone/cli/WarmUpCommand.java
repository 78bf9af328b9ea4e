// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.engine.DataDirectory;
import dev.godwit.standalone.engine.Engine;
import dev.godwit.standalone.postgres.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * Starts the engine and stops it: the script archives the classes that this has loaded, so that
 * later starts are faster.
 */
@Command(
        name = "warm-up",
        hidden = true,
        description = "Starts and stops the engine in a temporary directory.")
final class WarmUpCommand implements Callable<Integer> {
    @Override
    public Integer call() throws IOException, InterruptedException {
        Path path = Files.createTempDirectory("godwit-warm-up-");
        try (DataDirectory directory = DataDirectory.open(path)) {
            Console.logTo(path.resolve("logs"));
            Engine.start(directory).close();
        } finally {
            Directories.delete(path);
        }
        return 0;
    }
}
