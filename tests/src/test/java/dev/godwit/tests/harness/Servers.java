// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import dev.godwit.tests.postgres.ContainerServer;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.EmbeddedServer;
import dev.godwit.tests.postgres.PostgresServer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * One PostgreSQL server per major version for the whole test JVM; scenarios get fresh databases in
 * them.
 */
public final class Servers implements AutoCloseable {
    /** Whether servers and broker are containers; the services stay processes. */
    public static final boolean CONTAINERS = Boolean.getBoolean("godwit.containers");

    static final Path FOLDER = Path.of("target", "servers");

    private final Map<Integer, PostgresServer> running = new HashMap<>();

    public synchronized PostgresServer server(int major) {
        return running.computeIfAbsent(
                major,
                version ->
                        CONTAINERS
                                ? ContainerServer.create(version)
                                : EmbeddedServer.create(version, FOLDER, Map.of()));
    }

    /** A fresh database; one of that name is dropped. */
    public Database database(int major, String name) {
        return server(major).createDatabase(name);
    }

    /** The same in a server's encoding of that name. */
    public Database database(int major, String name, String encoding) {
        return server(major).createDatabase(name, encoding);
    }

    /**
     * A server of the caller's own, for settings or faults that others must not feel. The caller
     * closes it.
     */
    public EmbeddedServer own(int major, Map<String, String> settings) {
        return EmbeddedServer.create(major, FOLDER, settings);
    }

    /** A server of the programs that are installed on this machine. The caller closes it. */
    public EmbeddedServer installed(int major) {
        return EmbeddedServer.ofInstalled(major, FOLDER);
    }

    @Override
    public synchronized void close() {
        running.values().forEach(PostgresServer::close);
        running.clear();
    }
}
