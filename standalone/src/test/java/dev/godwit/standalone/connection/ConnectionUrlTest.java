// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectionUrlTest {
    @Test
    void readsAllParts() {
        ConnectionUrl url =
                ConnectionUrl.parse(
                        "postgresql://app@db.example:6543/shop?sslmode=require&sslrootcert=/etc/ca.pem");

        assertThat(url)
                .isEqualTo(
                        new ConnectionUrl(
                                "db.example",
                                6543,
                                Optional.of("shop"),
                                "app",
                                Optional.empty(),
                                "require",
                                Map.of("sslrootcert", "/etc/ca.pem")));
    }

    @Test
    void decodesNamesAndPassword() {
        ConnectionUrl url =
                ConnectionUrl.parse("postgres://j%C3%B6rg:p%40ss%2F%25+@h/na%20me%2F%22x%22");

        assertThat(url.user()).isEqualTo("jörg");
        assertThat(url.password()).contains("p@ss/%+");
        assertThat(url.database()).contains("na me/\"x\"");
        assertThat(url.port()).isEqualTo(5432);
    }

    @ParameterizedTest
    @CsvSource({
        "postgresql://u@localhost/d, localhost, prefer",
        "postgresql://u@127.0.0.1/d, 127.0.0.1, prefer",
        "postgresql://u@[::1]:5433/d, ::1, prefer",
        "postgresql://u@[2001:db8::1]/d, 2001:db8::1, verify-full",
        "postgresql://u@db/d, db, verify-full",
        "postgresql://u@db/d?sslmode=disable, db, disable"
    })
    void trustsOnlyTheLoopback(String text, String host, String sslMode) {
        ConnectionUrl url = ConnectionUrl.parse(text);

        assertThat(url.host()).isEqualTo(host);
        assertThat(url.sslMode()).isEqualTo(sslMode);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mysql://u@h/d | postgresql://",
                "postgresql://h/d | no user",
                "postgresql://@h/d | no user",
                "postgresql://u@/d | no host",
                "postgresql://u@a,b/d | one host",
                "postgresql://u:p@ss@h/d | %40",
                "postgresql://u@h:0/d | port",
                "postgresql://u@h:65536/d | port",
                "postgresql://u@h:54x/d | port",
                "postgresql://u@::1/d | IPv6",
                "postgresql://u@h/d/e | %2F",
                "postgresql://u@h/d%2 | hexadecimal",
                "postgresql://u@h/d%ff | UTF-8",
                "postgresql://u@h/d?sslmode=verify | sslmode=verify",
                "postgresql://u@h/d?foo=1 | foo",
                "postgresql://u@h/d?password=x | no parameter",
                "postgresql://u@h/d?sslmode | name=value"
            })
    void saysWhatIsWrong(String text, String reason) {
        assertThatThrownBy(() -> ConnectionUrl.parse(text))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void neverShowsThePassword() {
        assertThat(ConnectionUrl.parse("postgresql://u:geheim@h/d").toString())
                .doesNotContain("geheim");
        assertThatThrownBy(() -> ConnectionUrl.parse("postgresql://u:ge@heim@h/d"))
                .hasMessageNotContainingAny("ge@", "heim");
    }
}
