// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import java.security.SecureRandom;

/** Makes ids that nobody guesses and that fit every name made of them: 12 of a-z and 0-9. */
final class RandomIds {
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static final int LENGTH = 12;

    private final SecureRandom random = new SecureRandom();

    String next() {
        var id = new StringBuilder(LENGTH);
        for (int i = 0; i < LENGTH; i++) {
            id.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return id.toString();
    }
}
