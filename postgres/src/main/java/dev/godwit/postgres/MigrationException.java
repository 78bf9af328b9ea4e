// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import dev.godwit.schemas.Failure;
import org.jspecify.annotations.Nullable;

/**
 * Something an operator must know: a code of the catalogue, what happened, and with the code the
 * remedy.
 */
public final class MigrationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final String what;
    private final String remedy;

    public MigrationException(ErrorCode code, String what) {
        this(code, what, code.remedy(), null);
    }

    public MigrationException(ErrorCode code, String what, @Nullable Throwable cause) {
        this(code, what, code.remedy(), cause);
    }

    /** With a remedy more exact than the catalogue's, for example the very statement to run. */
    public MigrationException(
            ErrorCode code, String what, String remedy, @Nullable Throwable cause) {
        super(code + ": " + what + ". " + remedy, cause);
        this.code = code;
        this.what = what;
        this.remedy = remedy;
    }

    public ErrorCode code() {
        return code;
    }

    public String what() {
        return what;
    }

    public String remedy() {
        return remedy;
    }

    public Failure toFailure() {
        return new Failure(code.name(), what, remedy);
    }
}
