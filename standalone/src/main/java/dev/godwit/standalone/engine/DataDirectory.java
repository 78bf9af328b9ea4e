// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.secret.PasswordSeal;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.Optional;

/**
 * All that one engine keeps: the broker's log, the keyset, the address of the running server, what
 * was asked for. One process at a time holds it, by a lock that the operating system takes away
 * from a dead one. Files that hold a secret have mode 600 from their first byte on and are replaced
 * in one step.
 */
public final class DataDirectory implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String SERVER = "server.json";
    private static final String ARGUMENTS = "arguments.json";
    private static final String KEYSET = "keyset.json";

    private final Path path;
    private final FileChannel lockFile;
    private final FileLock lock;

    private DataDirectory(Path path, FileChannel lockFile, FileLock lock) {
        this.path = path;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /**
     * Takes the directory, making it if need be.
     *
     * @throws MigrationException DATA_DIRECTORY_IN_USE while another process holds it
     */
    public static DataDirectory open(Path directory) throws IOException {
        Path path = directory.toAbsolutePath().normalize();
        if (!Files.isDirectory(path)) {
            Files.createDirectories(path);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
        }
        FileChannel file =
                FileChannel.open(
                        path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = file.tryLock();
            if (lock != null) {
                return new DataDirectory(path, file, lock);
            }
        } catch (OverlappingFileLockException e) {
            // This very JVM holds it: the same answer.
        }
        file.close();
        throw new MigrationException(
                ErrorCode.DATA_DIRECTORY_IN_USE, "another process works in " + path);
    }

    /**
     * The address that an engine on this directory has announced; the process may be gone by now.
     */
    public static Optional<ServerAddress> announced(Path directory) throws IOException {
        Path file = directory.resolve(SERVER);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        JsonNode json = JSON.readTree(Files.readString(file));
        return Optional.of(
                new ServerAddress(
                        URI.create(json.path("url").asText()), json.path("token").asText()));
    }

    /** Whether a process works in this directory now. */
    public static boolean answering(Path directory) throws IOException {
        if (!exists(directory)) {
            return false;
        }
        try {
            open(directory).close();
            return false;
        } catch (MigrationException held) {
            return true;
        }
    }

    /** Whether a directory has been used by an engine. */
    public static boolean exists(Path directory) {
        return Files.exists(directory.resolve(KEYSET));
    }

    public Path path() {
        return path;
    }

    Path broker() {
        return path.resolve("kafka");
    }

    /** The services' shared keyset, made at the first call. */
    String keyset() throws IOException, GeneralSecurityException {
        Path file = path.resolve(KEYSET);
        if (!Files.exists(file)) {
            writeSecret(file, PasswordSeal.newKeyset());
        }
        return Files.readString(file);
    }

    /** Leaves the address and the token for the commands that talk to this engine. */
    void announce(ServerAddress address) throws IOException {
        ObjectNode json =
                JSON.createObjectNode()
                        .put("url", address.url().toString())
                        .put("token", address.token())
                        .put("pid", ProcessHandle.current().pid());
        writeSecret(path.resolve(SERVER), json.toPrettyString());
    }

    void withdraw() throws IOException {
        Files.deleteIfExists(path.resolve(SERVER));
    }

    /** What this directory's migration was asked for, if it has one. */
    public Optional<Remembered> remembered() throws IOException {
        Path file = path.resolve(ARGUMENTS);
        return Files.exists(file)
                ? Optional.of(Remembered.of(JSON.readTree(Files.readString(file))))
                : Optional.empty();
    }

    public void remember(Remembered remembered) throws IOException {
        writeSecret(path.resolve(ARGUMENTS), remembered.toJson(JSON).toPrettyString());
    }

    /** The directory is free for other arguments. */
    public void forget() throws IOException {
        Files.deleteIfExists(path.resolve(ARGUMENTS));
    }

    @Override
    public void close() throws IOException {
        lock.release();
        lockFile.close();
    }

    private static void writeSecret(Path file, String content) throws IOException {
        Path fresh =
                Files.createTempFile(
                        file.getParent(),
                        ".godwit-",
                        ".new",
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")));
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8)));
            channel.force(true);
        }
        Files.move(
                fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
