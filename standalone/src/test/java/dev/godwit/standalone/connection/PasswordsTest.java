// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.standalone.connection.Passwords.Side;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PasswordsTest {
    private static final ConnectionUrl URL = ConnectionUrl.parse("postgresql://app@db:6543/shop");

    @TempDir private Path home;

    @Test
    void takesTheFirstPlaceThatHasOne() throws IOException {
        // Given
        passwordFile("db:6543:shop:app:from pgpass", "rw-------");
        Path file = Files.writeString(home.resolve("file"), "from file\nmore");
        var environment = new HashMap<String, String>();

        // Then
        assertThat(password(environment, Optional.empty())).isEqualTo("from pgpass");
        environment.put("PGPASSWORD", "from PGPASSWORD");
        assertThat(password(environment, Optional.empty())).isEqualTo("from PGPASSWORD");
        environment.put("GODWIT_SOURCE_PASSWORD", "from variable");
        assertThat(password(environment, Optional.empty())).isEqualTo("from variable");
        assertThat(password(environment, Optional.of(file))).isEqualTo("from file");
        environment.put("GODWIT_SOURCE_URL_PASSWORD", "from%20URL");
        assertThat(password(environment, Optional.of(file))).isEqualTo("from URL");
    }

    @Test
    void readsThePasswordFileAsLibpqDoes() throws IOException {
        passwordFile(
                "# comment\nother:*:*:*:no\n*:6543:s\\:hop:app:no\n*:*:*:app:with\\:colon:and more",
                "rw-------");

        assertThat(password(Map.of(), Optional.empty())).isEqualTo("with:colon:and more");
    }

    @Test
    void refusesAPasswordFileThatOthersMayRead() throws IOException {
        passwordFile("*:*:*:*:x", "rw-r--r--");

        assertThatThrownBy(() -> password(Map.of(), Optional.empty()))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("chmod 600");
    }

    @Test
    void isEmptyWithoutAny() {
        assertThat(password(Map.of(), Optional.empty())).isEmpty();
    }

    private String password(Map<String, String> environment, Optional<Path> file) {
        return new Passwords(environment, home).of(Side.SOURCE, URL, "shop", file).reveal();
    }

    private void passwordFile(String content, String permissions) throws IOException {
        Path file = Files.writeString(home.resolve(".pgpass"), content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }
}
