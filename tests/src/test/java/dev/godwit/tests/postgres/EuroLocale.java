// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A locale in which money looks otherwise than in C, compiled once from the C library's sources
 * (Debian's package locales) and found by servers through LOCPATH.
 */
final class EuroLocale {
    static final String NAME = "de_DE.UTF-8";

    private static final int SECONDS = 60;

    private EuroLocale() {}

    /** Where it lies, or nothing on a machine without localedef or those sources. */
    static synchronized Optional<Path> folder() {
        Path folder =
                Path.of(System.getProperty("godwit.postgres", "target/postgres"), "locales")
                        .toAbsolutePath();
        Path locale = folder.resolve(NAME);
        if (Files.exists(locale.resolve("LC_MONETARY"))) {
            return Optional.of(folder);
        }
        try {
            Files.createDirectories(locale);
            Process compile =
                    new ProcessBuilder("localedef", "-i", "de_DE", "-f", "UTF-8", locale.toString())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            return compile.waitFor(SECONDS, TimeUnit.SECONDS) && compile.exitValue() == 0
                    ? Optional.of(folder)
                    : Optional.empty();
        } catch (IOException noCompiler) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
