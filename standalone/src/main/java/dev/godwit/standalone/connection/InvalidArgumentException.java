// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.connection;

/**
 * An argument of the command line is wrong; the message says which and why, and never holds a
 * password.
 */
public final class InvalidArgumentException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InvalidArgumentException(String message) {
        super(message);
    }
}
