// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.godwit.control.assessment.Assessment;
import dev.godwit.schemas.Finding;
import dev.godwit.standalone.migrate.DatabaseMapping;
import dev.godwit.standalone.migrate.MigrateArguments.Server;
import dev.godwit.standalone.migrate.Outcome;
import dev.godwit.standalone.migrate.TableWish;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {
            "Asks both servers all that a migration needs, starts nothing and changes nothing.",
            "Exit code 3 if a check failed.",
            ""
        })
final class CheckCommand implements Callable<Integer> {
    private static final JsonMapper JSON = new JsonMapper();

    private final Console console;

    @Mixin private ServerOptions servers = new ServerOptions();

    @Option(names = "--json", description = "One JSON line per check.")
    private boolean json;

    CheckCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Console.logNothing();
        Server source = servers.source(console);
        Server target = servers.target(console);
        List<DatabaseMapping> mappings = servers.mappings();
        boolean passed = true;
        for (DatabaseMapping mapping : mappings) {
            var assessment =
                    new Assessment(
                            source.connection(mapping.source()),
                            target.connection(mapping.target()),
                            servers.tables(),
                            servers.wishes().stream().map(TableWish::toRule).toList(),
                            mappings.size(),
                            "godwit check");
            for (Finding finding : assessment.run().findings()) {
                show(mapping, finding);
                passed &= !result(finding).equals("failed");
            }
        }
        return (passed ? Outcome.COMPLETED : Outcome.CHECKS_FAILED).exitCode();
    }

    private void show(DatabaseMapping mapping, Finding finding) {
        if (json) {
            console.print(
                    JSON.createObjectNode()
                            .put(
                                    "time",
                                    console.clock()
                                            .instant()
                                            .truncatedTo(ChronoUnit.MILLIS)
                                            .toString())
                            .put("event", "check")
                            .put("database", mapping.source())
                            .put("id", finding.getId())
                            .put("result", result(finding))
                            .put("what", finding.getWhat())
                            .put("remedy", finding.getRemedy())
                            .toString());
            return;
        }
        console.print("%-8s %s  %s".formatted(result(finding), finding.getId(), finding.getWhat()));
        if (!result(finding).equals("passed") && !finding.getRemedy().isEmpty()) {
            console.print("         -> " + finding.getRemedy());
        }
    }

    private static String result(Finding finding) {
        return finding.getResult().toString().toLowerCase(Locale.ROOT);
    }
}
