// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.codec;

/** A record's writer has not published its schema, or the bytes are no record of ours. */
public final class UnknownSchemaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnknownSchemaException(String message) {
        super(message);
    }
}
