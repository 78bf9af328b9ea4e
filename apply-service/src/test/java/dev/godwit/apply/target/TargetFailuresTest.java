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
        "28P01, PASSWORD_WRONG",
        "28000, ACCESS_REFUSED",
        "3D000, DATABASE_UNKNOWN",
        "42501, PERMISSION_DENIED",
        "08001, TARGET_UNREACHABLE",
        "08004, PASSWORD_WRONG",
        "08006, TARGET_UNREACHABLE",
        "57P01, TARGET_FAILED",
        "53300, TARGET_FAILED",
        "23505, TARGET_FAILED",
        "'', TARGET_UNREACHABLE"
    })
    void aStateHasItsCode(String state, ErrorCode code) {
        var e = new SQLException("in any language", state);

        assertThat(TargetFailures.of(e).code()).isEqualTo(code);
        assertThat(TargetFailures.ofRows(e).code()).isEqualTo(code);
    }

    @Test
    void triesAgainWhileNobodyKnowsTheHostOrAnswers() {
        assertThat(TargetFailures.of(unreachable(new UnknownHostException("db"))).code())
                .isEqualTo(ErrorCode.TARGET_UNREACHABLE);
        assertThat(TargetFailures.of(unreachable(new ConnectException("refused"))).code())
                .isEqualTo(ErrorCode.TARGET_UNREACHABLE);
    }

    @Test
    void keepsTheCauseAndARowsValuesToItself() {
        var e = new SQLException("Key (email)=(ada@example.org) already exists", "23505");

        assertThat(TargetFailures.of(e)).hasCause(e);
        assertThat(TargetFailures.ofRows(e)).hasCause(e).hasMessageNotContaining("ada");
    }

    private static SQLException unreachable(Exception cause) {
        return new SQLException("in any language", "08001", cause);
    }
}
