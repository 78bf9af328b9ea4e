// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script, with a java of our own that tells what it was given. */
class ScriptTest {
    @TempDir private Path directory;

    @BeforeEach
    void makeJava() throws IOException {
        Path bin = Files.createDirectories(directory.resolve("jdk/bin"));
        Path java =
                Files.writeString(
                        bin.resolve("java"),
                        """
                        #!/bin/bash
                        printf 'arg %s\\n' "$@"
                        printf 'source %s\\n' "${GODWIT_SOURCE_URL_PASSWORD-none}"
                        printf 'target %s\\n' "${GODWIT_TARGET_URL_PASSWORD-none}"
                        """);
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(directory.resolve("jdk/release"), "JAVA_VERSION=\"25.0.3\"\n");
        // Without a pom beside it there is nothing to build.
        Files.copy(Path.of("../godwit"), directory.resolve("godwit"));
        Files.setPosixFilePermissions(
                directory.resolve("godwit"), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void takesPasswordsOutOfTheArguments() throws IOException, InterruptedException {
        List<String> told =
                run(
                        "migrate",
                        "--source",
                        "postgresql://u:p%40ss:w@h:1/d?sslmode=disable",
                        "--target=postgres://v:geheim@[::1]/e");

        assertThat(told)
                .contains(
                        "arg --source",
                        "arg postgresql://u@h:1/d?sslmode=disable",
                        "arg --target=postgres://v@[::1]/e",
                        "source p%40ss:w",
                        "target geheim");
        assertThat(told.stream().filter(line -> line.startsWith("arg ")))
                .noneMatch(line -> line.contains("geheim"));
    }

    @Test
    void leavesOtherArgumentsAsTheyAre() throws IOException, InterruptedException {
        List<String> told =
                run("check", "--source", "postgresql://u@h/d", "--tables", "public.a b,*.c", "");

        assertThat(told)
                .contains(
                        "arg postgresql://u@h/d",
                        "arg public.a b,*.c",
                        "arg ",
                        "source none",
                        "target none");
    }

    private List<String> run(String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add(directory.resolve("godwit").toString());
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", directory.resolve("jdk").toString());
        builder.environment().keySet().removeIf(name -> name.startsWith("GODWIT_"));
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output.lines().toList();
    }
}
