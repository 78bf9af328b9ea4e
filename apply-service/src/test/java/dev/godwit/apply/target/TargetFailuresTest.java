// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.postgres.ErrorCode;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetFailuresTest {
    @ParameterizedTest
    @CsvSource({
        "28P01, PASSWORD_WRONG, PASSWORD_WRONG, TARGET_FAILED",
        "28000, ACCESS_REFUSED, ACCESS_REFUSED, TARGET_FAILED",
        "3D000, DATABASE_UNKNOWN, DATABASE_UNKNOWN, TARGET_FAILED",
        "42501, PERMISSION_DENIED, TARGET_FAILED, PERMISSION_DENIED",
        "08001, TARGET_UNREACHABLE, TARGET_UNREACHABLE, TARGET_UNREACHABLE",
        "08006, TARGET_UNREACHABLE, TARGET_UNREACHABLE, TARGET_UNREACHABLE",
        "57P01, TARGET_FAILED, TARGET_FAILED, TARGET_FAILED",
        "53300, TARGET_FAILED, TARGET_FAILED, TARGET_FAILED",
        "23505, TARGET_FAILED, TARGET_FAILED, TARGET_FAILED",
        "'', TARGET_FAILED, TARGET_FAILED, TARGET_UNREACHABLE"
    })
    void aStateHasItsCode(String state, ErrorCode owning, ErrorCode loading, ErrorCode syncing) {
        var e = new SQLException("in any language", state);

        assertThat(TargetFailures.owning(e).code()).isEqualTo(owning);
        assertThat(TargetFailures.loading(e).code()).isEqualTo(loading);
        assertThat(TargetFailures.syncing(e).code()).isEqualTo(syncing);
    }

    @Test
    void theOwnerTellsWhyTheTargetCannotBeReached() {
        assertThat(TargetFailures.owning(unreachable(new UnknownHostException("db"))).code())
                .isEqualTo(ErrorCode.HOST_UNKNOWN);
        assertThat(TargetFailures.owning(unreachable(new ConnectException("refused"))).code())
                .isEqualTo(ErrorCode.TARGET_UNREACHABLE);
    }

    @Test
    void theCauseIsKept() {
        SQLException e = unreachable(new ConnectException("refused"));

        assertThat(TargetFailures.owning(e)).hasCause(e);
        assertThat(TargetFailures.loading(e)).hasCause(e);
        assertThat(TargetFailures.syncing(e)).hasCause(e);
    }

    private static SQLException unreachable(Exception cause) {
        return new SQLException("in any language", "08001", cause);
    }
}
