// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/** A password or a key. It prints as stars, so that no log, status or error can show it. */
public final class Secret {
    private final String value;

    private Secret(String value) {
        this.value = value;
    }

    public static Secret of(String value) {
        return new Secret(value);
    }

    /**
     * What a service is given under a key, or in the file that the key with {@code -file} behind it
     * names; without the blanks around it.
     *
     * @param settings by key, empty where one is not given
     * @throws IllegalArgumentException naming the key if neither is given
     * @throws UncheckedIOException if the file cannot be read
     */
    public static Secret ofSetting(String key, Function<String, Optional<String>> settings) {
        Optional<String> given = settings.apply(key);
        Optional<String> file = settings.apply(key + "-file");
        if (given.isEmpty() && file.isEmpty()) {
            throw new IllegalArgumentException(key + " or " + key + "-file must be given");
        }
        return of(given.orElseGet(() -> read(Path.of(file.orElseThrow()))).strip());
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** The secret itself: for the driver and the cipher, never for a text. */
    public String reveal() {
        return value;
    }

    @Override
    public String toString() {
        return "***";
    }
}
