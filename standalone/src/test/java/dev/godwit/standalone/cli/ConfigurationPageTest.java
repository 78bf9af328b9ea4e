// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** docs/configuration.md names what the code reads: all of it, and nothing else. */
class ConfigurationPageTest {
    private static final Path HOME = Path.of("..");

    /** A key where it is read; a secret may come from a file too. */
    private static final Pattern KEY =
            Pattern.compile("(Secret\\.ofSetting\\(\\s*)?\"(godwit\\.[a-z.-]+)\"");

    private static final Pattern VARIABLE =
            Pattern.compile("\\b(GODWIT_[A-Z_]+|(SOURCE|TARGET)_PASSWORD|PGPASS[A-Z]+)\\b");
    private static final Pattern NAME = Pattern.compile("`([^`]+)`");

    @ParameterizedTest
    @CsvSource({"capture, Capture", "apply, Apply", "control, Control"})
    void namesTheKeysThatEachServiceReads(String service, String type) throws IOException {
        assertThat(rowsOfKeys().filter(row -> row.get(1).contains(service)))
                .flatMap(row -> names(row.getFirst()).toList())
                .containsExactlyInAnyOrderElementsOf(keys(service, type));
    }

    @Test
    void namesTheVariablesThatAreRead() throws IOException {
        Set<String> read = new TreeSet<>();
        for (Path file : filesThatReadVariables()) {
            read.addAll(variables(Files.readString(file)));
        }

        assertThat(variables(page())).isEqualTo(read);
    }

    @Test
    void namesTheSettingsOfAMigration() throws IOException {
        Map<String, String> defaults =
                Settings.getClassSchema().getFields().stream()
                        .collect(
                                Collectors.toMap(
                                        Schema.Field::name,
                                        field -> String.valueOf(field.defaultVal())));

        assertThat(rows("A migration").stream().skip(1))
                .allSatisfy(row ->
                        assertThat(defaults)
                                .containsEntry(row.getFirst().replace("`", ""), row.get(1)))
                .hasSize(defaults.size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo", "migrate", "check", "status", "reload", "cutover", "cancel", "retry"
            })
    void namesTheOptionsOfEachCommand(String command) throws IOException {
        CommandLine line =
                requireNonNull(
                        Godwit.commandLine(Console.ofProcess()).getSubcommands().get(command));

        assertThat(rows("godwit " + command).stream().skip(1))
                .flatMap(row -> names(row.getFirst()).toList())
                .containsExactlyInAnyOrderElementsOf(
                        line.getCommandSpec().options().stream()
                                .filter(option -> !option.usageHelp() && !option.versionHelp())
                                .map(OptionSpec::longestName)
                                .toList());
    }

    private static List<String> keys(String service, String type) throws IOException {
        String own =
                "%1$s-service/src/main/java/dev/godwit/%1$s/%2$sConfig.java"
                        .formatted(service, type);
        String shared = "schemas/src/main/java/dev/godwit/schemas/topic/KafkaSettings.java";
        return Stream.concat(keys(own), keys(shared)).toList();
    }

    private static Stream<String> keys(String file) throws IOException {
        return KEY.matcher(Files.readString(HOME.resolve(file)))
                .results()
                .flatMap(found ->
                        found.group(1) == null
                                ? Stream.of(found.group(2))
                                : Stream.of(found.group(2), found.group(2) + "-file"));
    }

    /** Those that are a key's other name stand for the key. */
    private static Set<String> variables(String text) throws IOException {
        Set<String> variables =
                VARIABLE.matcher(text)
                        .results()
                        .map(MatchResult::group)
                        .collect(Collectors.toCollection(TreeSet::new));
        rowsOfKeys()
                .flatMap(row -> names(row.getFirst()))
                .map(key -> key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"))
                .forEach(variables::remove);
        return variables;
    }

    private static List<Path> filesThatReadVariables() throws IOException {
        var files = new ArrayList<Path>();
        for (String file : List.of("godwit", "docker-compose.yml", "deploy/Dockerfile")) {
            files.add(HOME.resolve(file));
        }
        for (String module : List.of("capture-service", "apply-service", "control-service")) {
            files.add(HOME.resolve(module + "/src/main/resources/logback.xml"));
        }
        try (Stream<Path> sources = Files.walk(HOME.resolve("standalone/src/main/java"))) {
            sources.filter(file -> file.toString().endsWith(".java")).forEach(files::add);
        }
        return files;
    }

    /** The cells of each table row under a heading, up to the next heading; the head row too. */
    private static List<List<String>> rows(String heading) throws IOException {
        return page().lines()
                .dropWhile(line -> !line.matches("#+ \\Q" + heading + "\\E"))
                .skip(1)
                .takeWhile(line -> !line.startsWith("#"))
                .filter(line -> line.startsWith("| ") && !line.startsWith("| ---"))
                .map(line -> List.of(line.substring(2).split(" \\| ", -1)))
                .toList();
    }

    private static Stream<List<String>> rowsOfKeys() throws IOException {
        return rows("The three services").stream()
                .filter(row -> row.getFirst().startsWith("`godwit."));
    }

    private static Stream<String> names(String cell) {
        return NAME.matcher(cell).results().map(found -> found.group(1));
    }

    private static String page() throws IOException {
        return Files.readString(HOME.resolve("docs/configuration.md"));
    }
}
