// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A JVM of its own on the tests' class path, which can be killed, stopped and woken up. */
public final class JavaProcess implements AutoCloseable {
    private static final long END_SECONDS = 60;

    private final String name;
    private final Path log;
    private final Process process;
    private final Thread hook;

    private JavaProcess(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
        hook = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Starts {@code main}; its output and its log go to one file named after {@code name}. */
    static JavaProcess start(
            String name,
            String main,
            List<String> jvmOptions,
            Map<String, String> environment,
            List<String> arguments) {
        try {
            Path folder = Files.createDirectories(Path.of("target", "services"));
            Path log = folder.resolve(name + ".log");
            Path options = classPath(folder);
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(
                    List.of(
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-XX:+ExitOnOutOfMemoryError",
                            "--enable-native-access=ALL-UNNAMED",
                            "--sun-misc-unsafe-memory-access=allow",
                            "-Duser.language=tr",
                            "-Duser.country=TR",
                            "-Duser.timezone=Asia/Kathmandu",
                            "-Dgodwit.log=" + log));
            command.addAll(jvmOptions);
            command.add("@" + options);
            command.add(main);
            command.addAll(arguments);
            ProcessBuilder builder =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(
                                    ProcessBuilder.Redirect.appendTo(
                                            folder.resolve(name + ".out").toFile()));
            builder.environment().putAll(environment);
            return new JavaProcess(name, log, builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Put in place whole: a process started just before may be reading it. */
    private static Path classPath(Path folder) throws IOException {
        Path written = Files.createTempFile(folder, "classpath", "");
        Files.writeString(
                written,
                "-cp \"" + System.getProperty("java.class.path").replace("\\", "\\\\") + '"');
        return Files.move(written, folder.resolve("classpath"), StandardCopyOption.ATOMIC_MOVE);
    }

    public String name() {
        return name;
    }

    public Path log() {
        return log;
    }

    public long pid() {
        return process.pid();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** kill -9. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** SIGTERM, and waits for the end. */
    public void terminate() {
        process.destroy();
        awaitEnd();
    }

    /** SIGSTOP: it keeps its connections and its memory, and does nothing. */
    public void pause() {
        signal("STOP");
    }

    /** SIGCONT. */
    public void resume() {
        signal("CONT");
    }

    /** Waits until it has ended by itself, as at a crash point, and returns its exit code. */
    public int awaitEnd() {
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException(name + " does not end");
            }
            Runtime.getRuntime().removeShutdownHook(hook);
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            kill();
        }
    }

    private void signal(String signal) {
        try {
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
