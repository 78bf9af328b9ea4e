// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.broker.EmbeddedBroker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The embedded broker as a process of its own, for tests that run the three services as processes
 * too.
 */
@Command(
        name = "broker",
        hidden = true,
        mixinStandardHelpOptions = true,
        description =
                "Runs only the embedded broker, until a signal ends it; prints its address once it answers.")
final class BrokerCommand implements Callable<Integer> {
    private final Console console;

    @Option(
            names = "--data-dir",
            required = true,
            paramLabel = "DIR",
            description = "Holds the log.")
    private Path dataDirectory = Path.of("");

    @Option(
            names = "--port",
            defaultValue = "0",
            paramLabel = "PORT",
            description = "0: a free one.")
    private int port;

    BrokerCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Console.logTo(dataDirectory.resolve("logs"));
        EmbeddedBroker broker = EmbeddedBroker.start(dataDirectory.resolve("kafka"), port);
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "stop-broker"));
        console.print(broker.bootstrapServers());
        new CountDownLatch(1).await();
        return 0;
    }
}
