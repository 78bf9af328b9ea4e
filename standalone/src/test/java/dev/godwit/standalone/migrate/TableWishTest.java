// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.standalone.connection.InvalidArgumentException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TableWishTest {
    @Test
    void joinsWhatIsSaidOfOneTable() {
        List<TableWish> wishes =
                TableWish.read(
                        List.of("a.*=b.*", "a.t=b.u"),
                        List.of("a.t=x = 1 AND y <> 'a=b'"),
                        List.of("a.t=id,\"odd,name\""));

        assertThat(wishes)
                .containsExactly(
                        new TableWish("a.*", Optional.of("b.*"), Optional.empty(), List.of()),
                        new TableWish(
                                "a.t",
                                Optional.of("b.u"),
                                Optional.of("x = 1 AND y <> 'a=b'"),
                                List.of("id", "odd,name")));
        assertThat(wishes.get(1).written())
                .containsExactly(
                        Map.entry("--map", "a.t=b.u"),
                        Map.entry("--where", "a.t=x = 1 AND y <> 'a=b'"),
                        Map.entry("--columns", "a.t=id,\"odd,name\""));
    }

    @Test
    void refusesWhatCannotBeMeant() {
        for (String map : List.of("a.t", "=a.t", "a.t=", "t=u", "a.*=b.t")) {
            assertThatThrownBy(() -> TableWish.read(List.of(map), List.of(), List.of()))
                    .as(map)
                    .isInstanceOf(InvalidArgumentException.class);
        }
        assertThatThrownBy(
                        () -> TableWish.read(List.of("a.t=b.t", "a.t=c.t"), List.of(), List.of()))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> TableWish.read(List.of(), List.of("a.t=true; drop"), List.of()))
                .isInstanceOf(InvalidArgumentException.class);
    }
}
