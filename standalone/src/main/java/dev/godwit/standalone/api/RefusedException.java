// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.api;

import org.jspecify.annotations.Nullable;

/**
 * The server said no, or could not be asked: status (0 without an answer), and the three parts of
 * every error.
 */
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final int SERVER_ERROR = 500;

    private final int status;
    private final transient Trouble trouble;

    public RefusedException(int status, Trouble trouble, @Nullable Throwable cause) {
        super(trouble.toString(), cause);
        this.status = status;
        this.trouble = trouble;
    }

    public int status() {
        return status;
    }

    public Trouble trouble() {
        return trouble;
    }

    /** Whether the request is understood and cannot be granted now. */
    public boolean conflict() {
        return status == 409;
    }

    /** Whether the same request may be granted soon: nobody answered, or the server could not. */
    public boolean passing() {
        return status == 0 || status >= SERVER_ERROR;
    }
}
