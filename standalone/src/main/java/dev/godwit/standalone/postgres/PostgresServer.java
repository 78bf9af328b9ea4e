// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.postgres;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One running PostgreSQL server on loopback, with a superuser and a password; its data live in a
 * directory of ours.
 */
public final class PostgresServer implements AutoCloseable {
    /** The superuser. */
    public static final String USER = "postgres";

    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration STOP = Duration.ofSeconds(30);

    private final Process process;
    private final int port;
    private final Secret password;

    private PostgresServer(Process process, int port, Secret password) {
        this.process = process;
        this.port = port;
        this.password = password;
    }

    /**
     * Makes a cluster (UTF-8, locale C, no fsync: its data are not worth it), starts it on a free
     * port and returns when it accepts connections.
     *
     * @param directory created; must not exist
     * @param settings of postgresql.conf, over the defaults
     */
    public static PostgresServer start(
            PostgresBinaries binaries,
            Path directory,
            Secret password,
            Map<String, String> settings)
            throws IOException, InterruptedException {
        Files.createDirectories(directory);
        ServerUser user = ServerUser.fitting();
        user.own(directory);
        Path data = directory.resolve("data");
        Path log = Files.createFile(directory.resolve("server.log"));
        initialise(binaries, user, data, log, password);
        int port = freePort();
        Process process = process(serverCommand(binaries, user, data, port, settings), log).start();
        var server = new PostgresServer(process, port, password);
        try {
            server.awaitConnections(log);
            return server;
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    public int port() {
        return port;
    }

    public ConnectionSettings connection(String database) {
        return new ConnectionSettings(
                "127.0.0.1", port, database, USER, password, "disable", Map.of());
    }

    /** Ends all sessions and stops; after {@code STOP} without mercy. */
    @Override
    public void close() {
        try {
            new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
            if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private static void initialise(
            PostgresBinaries binaries, ServerUser user, Path data, Path log, Secret password)
            throws IOException, InterruptedException {
        Path passwordFile = Files.writeString(data.resolveSibling("password"), password.reveal());
        user.own(passwordFile);
        var command = new ArrayList<>(user.prefix());
        command.addAll(
                List.of(
                        binaries.program("initdb").toString(),
                        "--pgdata=" + data,
                        "--username=" + USER,
                        "--pwfile=" + passwordFile,
                        "--auth=scram-sha-256",
                        "--encoding=UTF8",
                        "--locale=C",
                        "--no-sync"));
        Process initdb = process(command, log).start();
        boolean ended = initdb.waitFor(START.toSeconds(), TimeUnit.SECONDS);
        Files.delete(passwordFile);
        if (!ended || initdb.exitValue() != 0) {
            initdb.destroyForcibly();
            throw new IOException("initdb failed: " + Files.readString(log));
        }
    }

    private static List<String> serverCommand(
            PostgresBinaries binaries,
            ServerUser user,
            Path data,
            int port,
            Map<String, String> settings) {
        var all = new LinkedHashMap<String, String>();
        all.put("listen_addresses", "127.0.0.1");
        all.put("port", Integer.toString(port));
        all.put("unix_socket_directories", "");
        all.put("fsync", "off");
        all.put("max_connections", "60");
        all.putAll(settings);
        var command = new ArrayList<>(user.prefix());
        command.addAll(List.of(binaries.program("postgres").toString(), "-D", data.toString()));
        all.forEach((name, value) -> command.addAll(List.of("-c", name + "=" + value)));
        return command;
    }

    /** Without the caller's locale and libpq variables: they would reach the server. */
    private static ProcessBuilder process(List<String> command, Path log) {
        var builder =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("PG") || name.startsWith("LC_"));
        builder.environment().put("LC_ALL", "C");
        return builder;
    }

    private void awaitConnections(Path log) throws IOException {
        long deadline = System.nanoTime() + START.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            try {
                connection(USER).open("godwit").close();
                return;
            } catch (SQLException notYet) {
                LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
            }
        }
        throw new IOException("the server did not start: " + Files.readString(log));
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
