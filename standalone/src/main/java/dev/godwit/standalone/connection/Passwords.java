// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.connection;

import dev.godwit.postgres.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where a password comes from, the first that is there: the URL (the script hands it on as {@code
 * GODWIT_SOURCE_URL_PASSWORD}, so that no process list shows it), the password file of the command
 * line, {@code GODWIT_SOURCE_PASSWORD}, {@code PGPASSWORD}, libpq's password file. None: empty, for
 * servers that ask for none.
 */
public final class Passwords {
    private final Map<String, String> environment;
    private final Path home;

    public Passwords(Map<String, String> environment, Path home) {
        this.environment = Map.copyOf(environment);
        this.home = home;
    }

    /**
     * The password for this server.
     *
     * @param file of the command line
     */
    public Secret of(Side side, ConnectionUrl url, String database, Optional<Path> file) {
        return Secret.of(
                url.password()
                        .or(() -> variable(side.urlVariable).map(PercentCoding::decode))
                        .or(() -> file.map(Passwords::firstLine))
                        .or(() -> variable(side.variable))
                        .or(() -> variable("PGPASSWORD"))
                        .or(() ->
                                PasswordFile.read(
                                                variable("PGPASSFILE")
                                                        .map(Path::of)
                                                        .orElse(home.resolve(".pgpass")))
                                        .password(url.host(), url.port(), database, url.user()))
                        .orElse(""));
    }

    private Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }

    private static String firstLine(Path file) {
        try {
            return Files.readString(file).lines().findFirst().orElse("");
        } catch (IOException e) {
            throw new InvalidArgumentException("the password file " + file + " cannot be read");
        }
    }

    /** Which server. */
    public enum Side {
        SOURCE("GODWIT_SOURCE_PASSWORD", "GODWIT_SOURCE_URL_PASSWORD"),
        TARGET("GODWIT_TARGET_PASSWORD", "GODWIT_TARGET_URL_PASSWORD");

        private final String variable;
        private final String urlVariable;

        Side(String variable, String urlVariable) {
            this.variable = variable;
            this.urlVariable = urlVariable;
        }
    }
}
