// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import java.sql.SQLException;

/** What a failure of the target is to the operator, by its SQLSTATE. */
public final class TargetFailures {
    private TargetFailures() {}

    /** With the server's words. */
    public static MigrationException of(SQLException e) {
        return new MigrationException(
                code(e),
                "the target answered with SQLSTATE %s: %s"
                        .formatted(SqlStates.state(e), ServerWords.of(e)),
                e);
    }

    /** Without the server's words, which may hold values of a row. */
    public static MigrationException ofRows(SQLException e) {
        return new MigrationException(
                code(e), "the target failed during the sync, SQLSTATE " + SqlStates.state(e), e);
    }

    private static ErrorCode code(SQLException e) {
        String state = SqlStates.state(e);
        return switch (state) {
            case "28P01", "28000", "3D000", "08001", "08004" -> connecting(e);
            case "42501" -> ErrorCode.PERMISSION_DENIED;
            default ->
                    state.isEmpty() || state.startsWith("08")
                            ? ErrorCode.TARGET_UNREACHABLE
                            : ErrorCode.TARGET_FAILED;
        };
    }

    /** The name was known when the migration began: a resolver without it is out of reach too. */
    private static ErrorCode connecting(SQLException e) {
        ErrorCode code = SqlStates.connecting(e);
        return switch (code) {
            case SERVER_UNREACHABLE, HOST_UNKNOWN -> ErrorCode.TARGET_UNREACHABLE;
            default -> code;
        };
    }
}
