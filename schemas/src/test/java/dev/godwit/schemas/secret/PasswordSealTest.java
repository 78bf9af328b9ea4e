// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import org.junit.jupiter.api.Test;

class PasswordSealTest {
    @Test
    void opensWhatItSealedForTheSameMigrationOnly() throws Exception {
        PasswordSeal seal = PasswordSeal.of(PasswordSeal.newKeyset());

        var sealed = seal.seal("päss wörd", "abc");

        assertThat(new String(sealed.array(), StandardCharsets.UTF_8)).doesNotContain("wörd");
        assertThat(seal.open(sealed, "abc")).isEqualTo("päss wörd");
        assertThatThrownBy(() -> seal.open(sealed, "abd"))
                .isInstanceOf(GeneralSecurityException.class);
    }

    @Test
    void anotherKeysetDoesNotOpenIt() throws Exception {
        var sealed = PasswordSeal.of(PasswordSeal.newKeyset()).seal("secret", "abc");
        PasswordSeal other = PasswordSeal.of(PasswordSeal.newKeyset());

        assertThatThrownBy(() -> other.open(sealed, "abc"))
                .isInstanceOf(GeneralSecurityException.class);
    }
}
