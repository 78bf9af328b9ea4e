// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.postgres;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A server as a child process of the test JVM, from the embedded binaries. */
public final class EmbeddedServer implements PostgresServer {
    private static final Duration START = Duration.ofSeconds(90);
    private static final int SCRAM = 10;
    private static final Map<String, String> SETTINGS =
            Map.ofEntries(
                    Map.entry("wal_level", "logical"),
                    Map.entry("max_replication_slots", "16"),
                    Map.entry("max_wal_senders", "16"),
                    Map.entry("max_connections", "120"),
                    Map.entry("max_prepared_transactions", "8"),
                    Map.entry("shared_buffers", "96MB"),
                    Map.entry("fsync", "off"),
                    Map.entry("autovacuum_naptime", "10s"),
                    Map.entry("unix_socket_directories", ""),
                    Map.entry("listen_addresses", "127.0.0.1"),
                    Map.entry("log_statement", "none"),
                    Map.entry("DateStyle", "'SQL, DMY'"),
                    Map.entry("TimeZone", "'Asia/Kathmandu'"));

    private final int major;
    private final int port;
    private final Path data;
    private final PostgresBinaries binaries;
    private final Thread hook = new Thread(this::kill);
    private @Nullable Process process;

    private EmbeddedServer(int major, int port, Path data, PostgresBinaries binaries) {
        this.major = major;
        this.port = port;
        this.data = data;
        this.binaries = binaries;
    }

    /**
     * Initialises and starts a server in a new folder below {@code parent}; {@code settings} come
     * over the defaults.
     */
    public static EmbeddedServer create(int major, Path parent, Map<String, String> settings) {
        return create(major, PostgresBinaries.of(major), parent, settings);
    }

    /** The same of the programs that are installed on this machine. */
    public static EmbeddedServer ofInstalled(int major, Path parent) {
        return create(major, PostgresBinaries.installed(major), parent, Map.of());
    }

    private static EmbeddedServer create(
            int major, PostgresBinaries binaries, Path parent, Map<String, String> settings) {
        try {
            Files.createDirectories(parent);
            Path data = Files.createTempDirectory(parent, "pg" + major + "-").toAbsolutePath();
            EmbeddedServer server = new EmbeddedServer(major, freePort(), data, binaries);
            server.initialise(settings);
            Runtime.getRuntime().addShutdownHook(server.hook);
            server.start();
            server.createRoles();
            return server;
        } catch (IOException e) {
            throw new IllegalStateException("PostgreSQL " + major + " cannot be initialised", e);
        }
    }

    @Override
    public int major() {
        return major;
    }

    @Override
    public String host() {
        return "127.0.0.1";
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public Optional<String> euroLocale() {
        return EuroLocale.folder().map(folder -> EuroLocale.NAME);
    }

    @Override
    public void start() {
        try {
            process = run("postgres", List.of("-D", data.resolve("data").toString()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        Awaitility.await("PostgreSQL " + major + " accepts connections")
                .atMost(START)
                .pollInterval(Duration.ofMillis(100))
                .until(this::answers);
    }

    @Override
    public void stopImmediately() {
        signal("QUIT");
    }

    @Override
    public void stopFast() {
        signal("INT");
    }

    /** Changes a setting that needs a restart, by restarting. */
    public void restartWith(String setting, String value) {
        new Database(this, "postgres")
                .execute("ALTER SYSTEM SET %s = '%s'".formatted(setting, value));
        stopFast();
        start();
    }

    @Override
    public void close() {
        kill();
        Runtime.getRuntime().removeShutdownHook(hook);
        deleteTree(data);
    }

    private void initialise(Map<String, String> settings) throws IOException {
        Path password = Files.writeString(data.resolve("password"), Roles.SUPERUSER.password());
        Process initdb =
                run(
                        "initdb",
                        List.of(
                                "-D",
                                data.resolve("data").toString(),
                                "-U",
                                Roles.SUPERUSER.user(),
                                "-A",
                                major < SCRAM ? "md5" : "scram-sha-256",
                                "--pwfile",
                                password.toString(),
                                "-E",
                                "UTF8",
                                "--locale",
                                "C",
                                "-N"));
        awaitExit(initdb, "initdb");
        if (initdb.exitValue() != 0) {
            throw new IOException("initdb failed: " + Files.readString(log()));
        }
        Files.delete(password);
        List<String> lines = new ArrayList<>();
        SETTINGS.forEach((name, value) -> lines.add(line(name, value)));
        settings.forEach((name, value) -> lines.add(line(name, value)));
        lines.add(line("port", Integer.toString(port)));
        Files.write(data.resolve("data/postgresql.conf"), lines, StandardOpenOption.APPEND);
    }

    private static String line(String name, String value) {
        return name + " = " + (value.startsWith("'") ? value : "'" + value + "'");
    }

    private boolean answers() {
        Process running = process;
        if (running == null || !running.isAlive()) {
            throw new IllegalStateException("PostgreSQL " + major + " ended; see " + log());
        }
        try {
            open("postgres", Roles.SUPERUSER).close();
            return true;
        } catch (SQLException notYet) {
            return false;
        }
    }

    /** Root may not run PostgreSQL, so it runs in a user namespace where nobody is root. */
    private Process run(String program, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>();
        if ("root".equals(System.getProperty("user.name"))) {
            command.addAll(List.of("unshare", "-U"));
        }
        command.add(binaries.program(program));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("LC_ALL", "C");
        builder.environment().remove("PGDATA");
        EuroLocale.folder()
                .ifPresent(folder -> builder.environment().put("LOCPATH", folder.toString()));
        return builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                .start();
    }

    private Path log() {
        return data.resolve("server.log");
    }

    private void signal(String name) {
        Process running = process;
        if (running == null || !running.isAlive()) {
            return;
        }
        try {
            awaitExit(
                    new ProcessBuilder("kill", "-" + name, Long.toString(running.pid())).start(),
                    "kill");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        awaitExit(running, "PostgreSQL " + major);
    }

    private static void awaitExit(Process process, String what) {
        try {
            if (!process.waitFor(START.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException(what + " does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void kill() {
        try {
            signal("QUIT");
        } catch (IllegalStateException stubborn) {
            Process running = process;
            if (running != null) {
                running.destroyForcibly();
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void deleteTree(Path root) {
        try (var paths = Files.walk(root)) {
            paths.sorted(java.util.Comparator.reverseOrder())
                    .map(Path::toFile)
                    .forEach(File::delete);
        } catch (IOException leftBehind) {
            throw new java.io.UncheckedIOException(leftBehind);
        }
    }
}
