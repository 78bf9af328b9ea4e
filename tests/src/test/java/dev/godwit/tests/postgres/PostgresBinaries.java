// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.postgres;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The programs of one major version, unpacked once from the jar that the build laid into {@code
 * godwit.postgres}.
 */
final class PostgresBinaries {
    private static final String ARCHIVE = "postgres-linux-x86_64.txz";
    private static final Path INSTALLED = Path.of("/usr/lib/postgresql");
    private static final int OWNER_EXECUTES = 0100;

    private final Path home;

    private PostgresBinaries(Path home) {
        this.home = home;
    }

    static PostgresBinaries of(int major) {
        Path folder = Path.of(System.getProperty("godwit.postgres", "target/postgres"));
        Path home = folder.resolve(Integer.toString(major));
        Path whole = home.resolve("unpacked");
        try {
            if (!Files.exists(whole)) {
                unpack(folder.resolve(major + ".jar"), home);
                Files.createFile(whole);
            }
        } catch (IOException e) {
            throw new IllegalStateException(
                    "no programs of PostgreSQL " + major + " in " + folder, e);
        }
        return new PostgresBinaries(home);
    }

    /** Those that a Debian package has installed, with the extensions of further packages. */
    static PostgresBinaries installed(int major) {
        return new PostgresBinaries(INSTALLED.resolve(Integer.toString(major)));
    }

    String program(String name) {
        return home.resolve("bin").resolve(name).toAbsolutePath().toString();
    }

    private static void unpack(Path jar, Path home) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ZipEntry archive = zip.getEntry(ARCHIVE);
            if (archive == null) {
                throw new IOException(jar + " has no " + ARCHIVE);
            }
            try (InputStream packed = new BufferedInputStream(zip.getInputStream(archive));
                    TarArchiveInputStream tar =
                            new TarArchiveInputStream(new XZInputStream(packed))) {
                for (TarArchiveEntry entry = tar.getNextEntry();
                        entry != null;
                        entry = tar.getNextEntry()) {
                    write(entry, tar, home.resolve(entry.getName()));
                }
            }
        }
    }

    private static void write(TarArchiveEntry entry, InputStream content, Path path)
            throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            return;
        }
        Files.createDirectories(path.toAbsolutePath().getParent());
        Files.deleteIfExists(path);
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
            return;
        }
        Files.copy(content, path);
        if ((entry.getMode() & OWNER_EXECUTES) != 0) {
            Set<PosixFilePermission> permissions =
                    EnumSet.copyOf(Files.getPosixFilePermissions(path));
            permissions.add(PosixFilePermission.OWNER_EXECUTE);
            permissions.add(PosixFilePermission.GROUP_EXECUTE);
            permissions.add(PosixFilePermission.OTHERS_EXECUTE);
            Files.setPosixFilePermissions(path, permissions);
        }
    }
}
