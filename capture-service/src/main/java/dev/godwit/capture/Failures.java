// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import java.util.Optional;

/** Which of two failures an operator must hear of. */
final class Failures {
    private Failures() {}

    /** It does not go away by itself. */
    static boolean lasting(MigrationException failure) {
        return failure.code().retry() != ErrorCode.Retry.AUTOMATIC;
    }

    static Optional<MigrationException> worse(
            Optional<MigrationException> one, Optional<MigrationException> other) {
        return one.filter(Failures::lasting)
                .or(() -> other.filter(Failures::lasting))
                .or(() -> one)
                .or(() -> other);
    }
}
