// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.standalone.api.Trouble;
import dev.godwit.standalone.progress.JsonReporter;
import dev.godwit.standalone.progress.PlainReporter;
import dev.godwit.standalone.progress.Reporter;
import dev.godwit.standalone.progress.TerminalReporter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;

/**
 * The user's side of the process.
 *
 * @param width of the terminal in characters, 0 when output goes elsewhere
 */
record Console(
        PrintStream out, PrintStream err, int width, Map<String, String> environment, Clock clock) {
    private static final int USUAL_WIDTH = 100;

    /**
     * The script says whether output is a terminal: the JVM only knows of input and output
     * together.
     */
    static Console ofProcess() {
        logNothing();
        boolean terminal = Boolean.getBoolean("godwit.terminal");
        return new Console(
                new PrintStream(
                        new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8),
                new PrintStream(
                        new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                terminal ? Integer.getInteger("godwit.columns", USUAL_WIDTH) : 0,
                System.getenv(),
                Clock.systemUTC());
    }

    Reporter reporter(boolean json) {
        if (json) {
            return new JsonReporter(out, clock);
        }
        return width > 0 ? new TerminalReporter(out, width) : new PlainReporter(out, clock);
    }

    void print(String text) {
        out.println(text);
        out.flush();
    }

    void error(Trouble trouble) {
        err.println("godwit: " + trouble.code() + ": " + trouble.what());
        err.println("  " + trouble.remedy());
    }

    void error(String text) {
        err.println("godwit: " + text);
    }

    /** From here on logs, and whatever a library prints, go to files in this directory. */
    static void logTo(Path logs) throws IOException {
        Files.createDirectories(logs);
        System.setProperty("godwit.logs", logs.toString());
        System.setProperty("logback.configurationFile", "godwit-logback.xml");
        var rest =
                new PrintStream(
                        new FileOutputStream(logs.resolve("console.log").toFile(), true),
                        true,
                        StandardCharsets.UTF_8);
        System.setOut(rest);
        System.setErr(rest);
    }

    static void logNothing() {
        System.setProperty("logback.configurationFile", "godwit-logback-silent.xml");
    }
}
