// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.postgres;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The programs of one major version. The build leaves each version's jar as {@code MAJOR.jar} in a
 * directory; all jars hold one archive of the same kind of name, so they cannot share a class path.
 * The first use unpacks a jar beside itself.
 */
public final class PostgresBinaries {
    private static final String ARCHIVE_SUFFIX = ".txz";
    private static final int OWNER_MAY_EXECUTE = 0100;

    private final Path home;

    private PostgresBinaries(Path home) {
        this.home = home;
    }

    /**
     * The programs of this version.
     *
     * @param directory holds {@code MAJOR.jar}
     * @throws IOException if there is no such version, or it cannot be unpacked
     */
    public static PostgresBinaries of(Path directory, int major) throws IOException {
        Path home = directory.toAbsolutePath().resolve(Integer.toString(major));
        if (!Files.isDirectory(home)) {
            unpack(directory.resolve(major + ".jar"), home);
        }
        return new PostgresBinaries(home);
    }

    Path program(String name) {
        return home.resolve("bin").resolve(name);
    }

    /** Into a directory of its own first, so that a half unpacked one is never used. */
    private static void unpack(Path jar, Path home) throws IOException {
        Path fresh = Files.createTempDirectory(home.getParent(), "unpacking-");
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (var zip = new ZipFile(jar.toFile());
                var archive =
                        new TarArchiveInputStream(
                                new XZInputStream(
                                        new BufferedInputStream(
                                                zip.getInputStream(archiveIn(zip)))))) {
            for (var entry = archive.getNextEntry();
                    entry != null;
                    entry = archive.getNextEntry()) {
                write(entry, archive, fresh.resolve(entry.getName()).normalize());
            }
        }
        try {
            Files.move(fresh, home, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (!Files.isDirectory(home)) {
                throw e;
            }
            Directories.delete(fresh);
        }
    }

    private static ZipEntry archiveIn(ZipFile zip) throws IOException {
        return zip.stream()
                .filter(entry -> entry.getName().endsWith(ARCHIVE_SUFFIX))
                .findFirst()
                .map(ZipEntry.class::cast)
                .orElseThrow(() -> new IOException(zip.getName() + " holds no " + ARCHIVE_SUFFIX));
    }

    private static void write(TarArchiveEntry entry, InputStream content, Path path)
            throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            return;
        }
        Files.createDirectories(path.resolveSibling("."));
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
            return;
        }
        Files.copy(content, path);
        boolean executable = (entry.getMode() & OWNER_MAY_EXECUTE) != 0;
        Files.setPosixFilePermissions(
                path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
    }
}
