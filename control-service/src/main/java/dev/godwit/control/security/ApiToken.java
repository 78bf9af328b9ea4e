// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.security;

import dev.godwit.postgres.Secret;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** The operator's token. Comparing takes the same time wherever the two differ. */
public final class ApiToken {
    private static final int CHARACTERS_LEAST = 16;
    private static final String BEARER = "Bearer ";

    private final byte[] expected;

    /**
     * @throws IllegalArgumentException if it could be guessed: shorter than 16 characters
     */
    public ApiToken(Secret token) {
        if (token.reveal().strip().length() < CHARACTERS_LEAST) {
            throw new IllegalArgumentException(
                    "godwit.token must have at least %d characters".formatted(CHARACTERS_LEAST));
        }
        this.expected = bytes(token.reveal().strip());
    }

    /** Whether this is the token. */
    public boolean is(String given) {
        return MessageDigest.isEqual(expected, bytes(given));
    }

    /** Whether an Authorization header carries it (RFC 6750). */
    public boolean inHeader(String authorization) {
        return authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
                && is(authorization.substring(BEARER.length()).strip());
    }

    String reveal() {
        return new String(expected, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
