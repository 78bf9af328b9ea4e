// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.standalone.api.RefusedException;
import dev.godwit.standalone.api.Trouble;
import dev.godwit.standalone.connection.InvalidArgumentException;
import dev.godwit.standalone.migrate.Outcome;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line as a whole. */
@Command(
        name = "godwit",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Moves a live PostgreSQL database to another server without stopping it.",
        footerHeading = "%nExit codes:%n",
        footer = {
            "  0    completed",
            "  1    failed",
            "  2    wrong usage",
            "  3    a check failed; nothing was begun",
            "  4    the cutover was refused",
            "  130  interrupted; the same command goes on",
            "",
            "Try it: godwit demo. Then: godwit migrate --help"
        })
final class Godwit {
    private static final Set<ErrorCode> WRONG_USAGE =
            EnumSet.of(
                    ErrorCode.ARGUMENTS_DIFFER,
                    ErrorCode.DATA_DIRECTORY_IN_USE,
                    ErrorCode.CONFIRM_MISSING,
                    ErrorCode.REQUEST_INVALID);
    private static final Set<ErrorCode> BROKEN =
            EnumSet.of(ErrorCode.INTERNAL, ErrorCode.BROKER_FAILED, ErrorCode.SCHEMA_FAILED);

    private Godwit() {}

    static CommandLine commandLine(Console console) {
        var line =
                new CommandLine(new Godwit())
                        .addSubcommand(new DemoCommand(console))
                        .addSubcommand(new MigrateCommand(console))
                        .addSubcommand(new CheckCommand(console))
                        .addSubcommand(new StatusCommand(console))
                        .addSubcommand(new ReloadCommand(console))
                        .addSubcommand(new CutoverCommand(console))
                        .addSubcommand(new CancelCommand(console))
                        .addSubcommand(new RetryCommand(console))
                        .addSubcommand(new BrokerCommand(console))
                        .addSubcommand(new WarmUpCommand(console));
        line.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExpandAtFiles(false);
        line.setUsageHelpWidth(110);
        line.setParameterExceptionHandler((e, arguments) -> {
            console.error(String.valueOf(e.getMessage()));
            console.err()
                    .println("  godwit %shelp says more".formatted(subcommand(e.getCommandLine())));
            return Outcome.USAGE.exitCode();
        });
        line.setExecutionExceptionHandler((e, command, parsed) -> explained(console, e));
        return line;
    }

    private static String subcommand(CommandLine command) {
        return command.getParent() == null ? "--" : command.getCommandName() + " --";
    }

    private static int explained(Console console, Exception e) {
        return switch (e) {
            case InvalidArgumentException wrong -> {
                console.error(wrong.getMessage() == null ? "wrong usage" : wrong.getMessage());
                yield Outcome.USAGE.exitCode();
            }
            case MigrationException failure -> {
                log(failure.code(), failure);
                console.error(Trouble.of(failure));
                yield exitCode(failure.code());
            }
            case RefusedException refused -> {
                console.error(refused.trouble());
                yield refused.status() == 400
                        ? Outcome.USAGE.exitCode()
                        : Outcome.FAILED.exitCode();
            }
            default -> {
                log(ErrorCode.INTERNAL, e);
                console.error(
                        new Trouble(
                                ErrorCode.INTERNAL.name(),
                                String.valueOf(e),
                                ErrorCode.INTERNAL.remedy()));
                yield Outcome.FAILED.exitCode();
            }
        };
    }

    /** Where it went wrong is for the log; the terminal gets what to do. */
    private static void log(ErrorCode code, Exception e) {
        LoggerFactory.getLogger(Godwit.class)
                .atError()
                .addKeyValue("code", code)
                .setCause(e)
                .log("the command failed");
    }

    /** What stops a run before it has begun is a failed check. */
    private static int exitCode(ErrorCode code) {
        if (WRONG_USAGE.contains(code)) {
            return Outcome.USAGE.exitCode();
        }
        return BROKEN.contains(code) ? Outcome.FAILED.exitCode() : Outcome.CHECKS_FAILED.exitCode();
    }
}
