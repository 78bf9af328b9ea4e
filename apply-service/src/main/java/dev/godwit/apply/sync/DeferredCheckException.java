// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.postgres.MigrationException;

/**
 * A constraint that is checked at the commit does not hold. The source's own transaction may hold
 * it further on, if the batch has cut it.
 */
final class DeferredCheckException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final MigrationException refusal;

    DeferredCheckException(MigrationException refusal) {
        super(refusal);
        this.refusal = refusal;
    }

    /** What it is if nothing follows. */
    MigrationException refusal() {
        return refusal;
    }
}
