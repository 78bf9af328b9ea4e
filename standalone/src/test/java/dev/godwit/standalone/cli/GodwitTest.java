// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GodwitTest {
    private static final String SOURCE = "--source=postgresql://u@127.0.0.1:1/d";
    private static final String TARGET = "--target=postgresql://u@127.0.0.1:1/d";

    @TempDir private Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void printsItsVersion() {
        assertThat(run("--version")).isZero();
        assertThat(text(out)).startsWith("godwit ").contains("Kafka 4.3.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo", "migrate", "check", "status", "reload", "cutover", "cancel", "retry"
            })
    void explainsEachCommand(String command) {
        assertThat(run(command, "--help")).isZero();
        assertThat(text(out)).contains("Usage: godwit " + command);
    }

    @Test
    void refusesWrongUsage() {
        assertThat(run("migrate")).isEqualTo(2);
        assertThat(run("migrate", SOURCE, "--target=mysql://x")).isEqualTo(2);
        assertThat(run("migrate", SOURCE, TARGET, "--lanes", "0")).isEqualTo(2);
        assertThat(run("migrate", SOURCE, TARGET, "--schema", "maybe")).isEqualTo(2);
        assertThat(run("migrate", SOURCE, TARGET, "--tables", "orders")).isEqualTo(2);
        assertThat(run("migrate", SOURCE, TARGET, "--database", "a=b", "--database", "a=c"))
                .isEqualTo(2);
        assertThat(run("migrate", SOURCE, TARGET, "--where", "public.t=true; DROP TABLE t"))
                .isEqualTo(2);
        assertThat(run("migrate", SOURCE, TARGET, "--schema", "create", "--map", "a.*=b.*"))
                .isEqualTo(2);
        assertThat(run("nonsense")).isEqualTo(2);
        assertThat(text(err))
                .contains(
                        "--source",
                        "postgresql://",
                        "--lanes 0",
                        "--schema maybe: write existing or create",
                        "schema.table",
                        "named twice",
                        "without a semicolon",
                        "leave --map out");
        assertThat(text(out)).isEmpty();
    }

    @Test
    void saysThatNoServerRunsOnADirectory() {
        assertThat(run("status", "--data-dir", directory.toString())).isEqualTo(2);
        assertThat(text(err)).contains("no godwit runs on");
    }

    @Test
    void wantsTheCutoverConfirmed() {
        assertThat(run("cutover", "--data-dir", directory.toString())).isEqualTo(2);
        assertThat(text(err)).contains("CONFIRM_MISSING", "--confirm");
    }

    private int run(String... arguments) {
        var console =
                new Console(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        0,
                        Map.of(),
                        Clock.systemUTC());
        return Godwit.commandLine(console).execute(arguments);
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
