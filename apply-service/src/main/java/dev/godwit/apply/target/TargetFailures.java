// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import java.sql.SQLException;

/**
 * What a failure of the target is to the operator, by its SQLSTATE. The owner of a migration says
 * what somebody has to mend so that the target can be reached; the load and the sync beside it try
 * again meanwhile.
 */
public final class TargetFailures {
    private static final String INSUFFICIENT_PRIVILEGE = "42501";

    private TargetFailures() {}

    /** Of the owner: it tells why the target cannot be reached, and that a right is missing. */
    public static MigrationException owning(SQLException e) {
        ErrorCode code =
                switch (SqlStates.state(e)) {
                    case "28P01", "28000", "3D000", "08001" -> SqlStates.connecting(e);
                    case INSUFFICIENT_PRIVILEGE -> ErrorCode.PERMISSION_DENIED;
                    default -> unreachableOrFailed(e);
                };
        return answered(
                code == ErrorCode.SERVER_UNREACHABLE ? ErrorCode.TARGET_UNREACHABLE : code, e);
    }

    /** Of the load: only what a server says of user and database waits for the operator. */
    public static MigrationException loading(SQLException e) {
        return answered(
                switch (SqlStates.state(e)) {
                    case "28P01", "28000", "3D000" -> SqlStates.connecting(e);
                    default -> unreachableOrFailed(e);
                },
                e);
    }

    /**
     * Of the sync: only a missing right waits for the operator. Without the server's words, which
     * may hold values of a row.
     */
    public static MigrationException syncing(SQLException e) {
        String state = SqlStates.state(e);
        if (state.equals(INSUFFICIENT_PRIVILEGE)) {
            return new MigrationException(
                    ErrorCode.PERMISSION_DENIED,
                    "the target refuses the sync a right, SQLSTATE 42501",
                    e);
        }
        return new MigrationException(
                state.isEmpty() ? ErrorCode.TARGET_UNREACHABLE : unreachableOrFailed(e),
                "the target failed during the sync, SQLSTATE "
                        + (state.isEmpty() ? "unknown" : state),
                e);
    }

    private static ErrorCode unreachableOrFailed(SQLException e) {
        return SqlStates.state(e).startsWith("08")
                ? ErrorCode.TARGET_UNREACHABLE
                : ErrorCode.TARGET_FAILED;
    }

    private static MigrationException answered(ErrorCode code, SQLException e) {
        return new MigrationException(
                code,
                "the target answered with SQLSTATE %s: %s"
                        .formatted(SqlStates.state(e), ServerWords.of(e)),
                e);
    }
}
