// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import java.util.logging.LogManager;

/** Where the godwit command begins. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        // The driver's java.util.logging would write on the terminal.
        LogManager.getLogManager().reset();
        int exitCode = Godwit.commandLine(Console.ofProcess()).execute(arguments);
        System.exit(exitCode);
    }
}
