// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretTest {
    @TempDir private Path directory;

    private final Map<String, String> given = new HashMap<>();

    @Test
    void isTakenFromItsKey() {
        given.put("godwit.token", "from the key");
        given.put("godwit.token-file", "no such file");

        assertThat(token().reveal()).isEqualTo("from the key");
    }

    @Test
    void isTakenFromItsFileWithoutTheLineEnd() throws IOException {
        Path file = Files.writeString(directory.resolve("token"), "from the file\n");
        given.put("godwit.token-file", file.toString());

        assertThat(token().reveal()).isEqualTo("from the file");
    }

    @Test
    void namesTheKeyThatIsMissing() {
        assertThatThrownBy(this::token)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("godwit.token or godwit.token-file must be given");
    }

    @Test
    void namesTheFileThatCannotBeRead() {
        given.put("godwit.token-file", "no such file");

        assertThatThrownBy(this::token)
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage("cannot read no such file");
    }

    @Test
    void printsAsStars() {
        assertThat(Secret.of("secret")).hasToString("***");
    }

    private Secret token() {
        return Secret.ofSetting("godwit.token", key -> Optional.ofNullable(given.get(key)));
    }
}
