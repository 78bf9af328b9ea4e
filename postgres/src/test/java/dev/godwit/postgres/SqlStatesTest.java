// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ConnectException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SqlStatesTest {
    @ParameterizedTest
    @CsvSource({
        "28P01, PASSWORD_WRONG",
        "28000, ACCESS_REFUSED",
        "3D000, DATABASE_UNKNOWN",
        "42501, PERMISSION_DENIED",
        "08001, SERVER_UNREACHABLE",
        "57P03, SERVER_UNREACHABLE"
    })
    void aStateWhileConnectingHasItsCode(String state, ErrorCode code) {
        assertThat(SqlStates.connecting(new SQLException("in any language", state)))
                .isEqualTo(code);
    }

    @Test
    void theCauseSaysMoreThanTheState() {
        assertThat(
                        SqlStates.connecting(
                                new SQLException("x", "08001", new UnknownHostException("db"))))
                .isEqualTo(ErrorCode.HOST_UNKNOWN);
        assertThat(
                        SqlStates.connecting(
                                new SQLException("x", "08001", new ConnectException("refused"))))
                .isEqualTo(ErrorCode.SERVER_UNREACHABLE);
        assertThat(
                        SqlStates.connecting(
                                new SQLException(
                                        "x", "08006", new SSLHandshakeException("unknown issuer"))))
                .isEqualTo(ErrorCode.TLS_FAILED);
    }

    @ParameterizedTest
    @CsvSource({
        "08006, true",
        "57P01, true",
        "57P03, true",
        "53300, true",
        "40P01, true",
        "55P03, true",
        "55006, true",
        "23505, false",
        "22P02, false",
        "42501, false",
        "57014, false"
    })
    void onlyWhatMayPassByItselfIsTriedAgain(String state, boolean passing) {
        assertThat(SqlStates.passing(new SQLException("x", state))).isEqualTo(passing);
    }

    @ParameterizedTest
    @CsvSource({
        "42601, true",
        "42P01, true",
        "42704, true",
        "42703, true",
        "42501, false",
        "42710, false",
        "08006, false",
        "XX000, false"
    })
    void whatTheServerWillNeverTakeNeedsTheOperator(String state, boolean refused) {
        assertThat(SqlStates.refused(new SQLException("x", state))).isEqualTo(refused);
    }
}
