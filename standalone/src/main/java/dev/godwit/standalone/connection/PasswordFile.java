// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.connection;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * libpq's password file (PostgreSQL docs, "The Password File"): host:port:database:user:password,
 * the first match wins.
 */
record PasswordFile(List<String> lines) {
    private static final int FIELDS = 5;

    /**
     * @throws InvalidArgumentException if others may read it: then libpq ignores it, and a silent
     *     ignore helps nobody
     */
    static PasswordFile read(Path file) {
        if (!Files.isRegularFile(file)) {
            return new PasswordFile(List.of());
        }
        try {
            var permissions = Files.getPosixFilePermissions(file);
            permissions.removeAll(
                    List.of(
                            PosixFilePermission.OWNER_READ,
                            PosixFilePermission.OWNER_WRITE,
                            PosixFilePermission.OWNER_EXECUTE));
            if (!permissions.isEmpty()) {
                throw new InvalidArgumentException(
                        file + " may be read by others: run chmod 600 " + file);
            }
            return new PasswordFile(Files.readAllLines(file));
        } catch (IOException e) {
            throw new InvalidArgumentException(file + " cannot be read: " + e.getMessage());
        }
    }

    Optional<String> password(String host, int port, String database, String user) {
        return lines.stream()
                .filter(line -> !line.startsWith("#"))
                .map(PasswordFile::fields)
                .filter(fields ->
                        fields.size() == FIELDS
                                && matches(fields.get(0), host)
                                && matches(fields.get(1), Integer.toString(port))
                                && matches(fields.get(2), database)
                                && matches(fields.get(3), user))
                .map(fields -> fields.get(4))
                .findFirst();
    }

    private static boolean matches(String field, String value) {
        return field.equals("*") || field.equals(value);
    }

    /** Split at colons; a backslash takes the next character as it is. */
    private static List<String> fields(String line) {
        var fields = new ArrayList<String>();
        var field = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\\' && i + 1 < line.length()) {
                field.append(line.charAt(++i));
            } else if (c == ':' && fields.size() < FIELDS - 1) {
                fields.add(field.toString());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        fields.add(field.toString());
        return fields;
    }
}
