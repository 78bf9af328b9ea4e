// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.godwit.postgres.Secret;
import dev.godwit.standalone.connection.ConnectionUrl;
import dev.godwit.standalone.connection.InvalidArgumentException;
import dev.godwit.standalone.engine.Remembered;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class MigrateArgumentsTest {
    private static final MigrateArguments.Server SERVER =
            new MigrateArguments.Server(
                    ConnectionUrl.parse("postgresql://u@h:5432/d"), Secret.of("secret"));

    @Test
    void rememberAMappingAndTellAnother() {
        MigrateArguments before = arguments("a.t=x > 1");
        var remembered = new Remembered(before.toMap(), "migrate-1", OptionalLong.empty());

        assertThat(remembered.differences(arguments("a.t=x > 1").toMap())).isEmpty();
        assertThat(remembered.differences(arguments("a.t=x > 2").toMap()))
                .containsExactly("--where was a.t=x > 1, now a.t=x > 2");
        assertThat(before.toMap()).containsEntry("--map", "a.*=b.* c.t=d.u");
    }

    @Test
    void askForTheMappingOfEachDatabase() {
        JsonNode request = arguments("a.t=x > 1").toRequest(new JsonMapper(), "p", "n");

        assertThat(request.path("databases").path(0).path("mappings"))
                .hasToString(
                        "[{\"source\":\"c.t\",\"target\":\"d.u\",\"columns\":[\"id\",\"v\"]},{\"source\":\"a.*\",\"target\":\"b.*\"},{\"source\":\"a.t\",\"where\":\"x > 1\"}]");
    }

    @Test
    void refuseNewNamesForTablesThatAreCreatedUnderTheOldOnes() {
        assertThatThrownBy(() ->
                        new MigrateArguments(
                                SERVER,
                                SERVER,
                                List.of(new DatabaseMapping("d", "e")),
                                List.of(),
                                TableWish.read(List.of("a.*=b.*"), List.of(), List.of()),
                                MigrateArguments.Schema.CREATE,
                                MigrateArguments.Cutover.MANUAL,
                                OptionalInt.empty(),
                                OptionalInt.empty()))
                .isInstanceOf(InvalidArgumentException.class);
    }

    private static MigrateArguments arguments(String where) {
        return new MigrateArguments(
                SERVER,
                SERVER,
                List.of(new DatabaseMapping("d", "e")),
                List.of(),
                TableWish.read(List.of("c.t=d.u", "a.*=b.*"), List.of(where), List.of("c.t=id,v")),
                MigrateArguments.Schema.EXISTING,
                MigrateArguments.Cutover.MANUAL,
                OptionalInt.empty(),
                OptionalInt.empty());
    }
}
