// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.OptionalLong;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir private Path parent;

    @Test
    void belongsToOneProcessAtATime() throws Exception {
        Path path = parent.resolve("data");
        try (DataDirectory held = DataDirectory.open(path)) {
            assertThatThrownBy(() -> DataDirectory.open(held.path()))
                    .asInstanceOf(InstanceOfAssertFactories.type(MigrationException.class))
                    .extracting(MigrationException::code)
                    .isEqualTo(ErrorCode.DATA_DIRECTORY_IN_USE);
        }
        DataDirectory.open(path).close();
    }

    @Test
    void keepsItsSecretsFromOthers() throws Exception {
        try (DataDirectory directory = DataDirectory.open(parent.resolve("data"))) {
            String keyset = directory.keyset();
            directory.announce(new ServerAddress(URI.create("http://127.0.0.1:1"), "token"));
            directory.remember(new Remembered(Map.of("--lanes", "2"), "m", OptionalLong.empty()));

            assertThat(directory.keyset()).isEqualTo(keyset);
            assertThat(DataDirectory.announced(directory.path()))
                    .contains(new ServerAddress(URI.create("http://127.0.0.1:1"), "token"));
            for (String file : new String[] {"keyset.json", "server.json", "arguments.json"}) {
                assertThat(
                                PosixFilePermissions.toString(
                                        Files.getPosixFilePermissions(
                                                directory.path().resolve(file))))
                        .isEqualTo("rw-------");
            }
            assertThat(
                            PosixFilePermissions.toString(
                                    Files.getPosixFilePermissions(directory.path())))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void remembersWhatItWasAskedFor() throws Exception {
        var remembered =
                new Remembered(Map.of("--source", "a", "--lanes", "2"), "m", OptionalLong.of(17));
        try (DataDirectory directory = DataDirectory.open(parent.resolve("data"))) {
            directory.remember(remembered);
            assertThat(directory.remembered()).contains(remembered);
            directory.forget();
            assertThat(directory.remembered()).isEmpty();
        }
    }

    @Test
    void namesEachDifference() {
        var remembered =
                new Remembered(Map.of("--source", "a", "--lanes", "2"), "m", OptionalLong.empty());

        assertThat(remembered.differences(Map.of("--source", "a", "--lanes", "2"))).isEmpty();
        assertThat(remembered.differences(Map.of("--source", "b", "--tables", "public.*")))
                .containsExactly(
                        "--lanes was 2, now not given",
                        "--source was a, now b",
                        "--tables was not given, now public.*");
    }
}
