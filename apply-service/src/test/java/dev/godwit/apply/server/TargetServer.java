// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.server;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.Secret;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.jar.JarFile;

/**
 * A PostgreSQL server of one major version (13 or 18), on a free port of loopback. Superuser {@code
 * postgres}.
 */
public final class TargetServer implements AutoCloseable {
    private static final Path BINARIES = Path.of("target", "postgres");
    private static final String ENTRY = "postgres-linux-x86_64.txz";

    private final EmbeddedPostgres server;
    private final AtomicInteger databases = new AtomicInteger();

    private TargetServer(EmbeddedPostgres server) {
        this.server = server;
    }

    public static TargetServer start(int majorVersion) throws IOException {
        return new TargetServer(
                EmbeddedPostgres.builder()
                        .setPgBinaryResolver((system, hardware) -> binaries(majorVersion))
                        .setServerConfig("fsync", "off")
                        .setServerConfig("max_connections", "60")
                        .setPGStartupWait(Duration.ofSeconds(60))
                        .start());
    }

    /** Settings for a new, empty database. */
    public ConnectionSettings newDatabase() throws SQLException {
        String name = "Täst \"" + databases.incrementAndGet();
        try (Connection connection = settings("postgres").open("test");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + dev.godwit.postgres.Identifiers.quote(name));
        }
        return settings(name);
    }

    public ConnectionSettings settings(String database) {
        return new ConnectionSettings(
                "localhost",
                server.getPort(),
                database,
                "postgres",
                Secret.of("postgres"),
                "disable",
                Map.of());
    }

    private static InputStream binaries(int majorVersion) {
        try (var jar = new JarFile(BINARIES.resolve(majorVersion + ".jar").toFile());
                InputStream entry = jar.getInputStream(jar.getJarEntry(ENTRY))) {
            return new ByteArrayInputStream(entry.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
