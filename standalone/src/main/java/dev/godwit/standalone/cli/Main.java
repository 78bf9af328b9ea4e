// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.standalone.api.Trouble;
import dev.godwit.standalone.migrate.Outcome;
import java.util.logging.LogManager;

/** Where the godwit command begins. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        // The driver's java.util.logging would write on the terminal.
        LogManager.getLogManager().reset();
        Console console = Console.ofProcess();
        try {
            System.exit(Godwit.commandLine(console).execute(arguments));
        } catch (Error e) {
            e.printStackTrace();
            console.error(
                    new Trouble(
                            ErrorCode.INTERNAL.name(), e.toString(), ErrorCode.INTERNAL.remedy()));
            System.exit(Outcome.FAILED.exitCode());
        }
    }
}
