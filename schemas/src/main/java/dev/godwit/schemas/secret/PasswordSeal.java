// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.secret;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;

/**
 * Seals passwords with the keyset that the three services share, bound to the migration they belong
 * to.
 */
public final class PasswordSeal {
    private final Aead aead;

    private PasswordSeal(Aead aead) {
        this.aead = aead;
    }

    /**
     * @param keyset Tink's JSON keyset, what {@link #newKeyset()} returns
     */
    public static PasswordSeal of(String keyset) throws GeneralSecurityException {
        AeadConfig.register();
        KeysetHandle handle =
                TinkJsonProtoKeysetFormat.parseKeyset(keyset, InsecureSecretKeyAccess.get());
        return new PasswordSeal(handle.getPrimitive(RegistryConfiguration.get(), Aead.class));
    }

    /** A fresh keyset as one line of JSON. It is a secret: store it with mode 600. */
    public static String newKeyset() throws GeneralSecurityException {
        AeadConfig.register();
        KeysetHandle handle = KeysetHandle.generateNew(PredefinedAeadParameters.AES256_GCM);
        return TinkJsonProtoKeysetFormat.serializeKeyset(handle, InsecureSecretKeyAccess.get());
    }

    public ByteBuffer seal(String password, String migrationId) throws GeneralSecurityException {
        return ByteBuffer.wrap(aead.encrypt(utf8(password), utf8(migrationId)));
    }

    /**
     * @throws GeneralSecurityException if it was sealed with another keyset or for another
     *     migration
     */
    public String open(ByteBuffer sealed, String migrationId) throws GeneralSecurityException {
        byte[] bytes = new byte[sealed.remaining()];
        sealed.duplicate().get(bytes);
        return new String(aead.decrypt(bytes, utf8(migrationId)), StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
