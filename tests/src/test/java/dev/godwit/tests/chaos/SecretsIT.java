// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.workload.Shop;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Invariant 10: no secret in a topic, a log, a status, an error or a process list; and no row's
 * value in a log.
 */
@MigrationTest(Mode.PROCESSES)
class SecretsIT {
    private static final String GUESSED = "gu3ssed-and-wrong";
    private static final String ROW = "a-row's-own-value-5f2e";

    private final MigrationHarness harness;

    SecretsIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void staySecret() throws IOException {
        // Given
        Database source = Shop.fill(Shop.create(harness.database(15, "secret_source")), 500);
        Database target = Shop.create(harness.database(18, "secret_target"));
        source.execute("INSERT INTO scratch VALUES (1, '" + ROW.replace("'", "''") + "')");
        List<String> said = new ArrayList<>();

        // When
        RunningMigration wrong =
                harness.start(
                        harness.request(source, target).source("password", GUESSED), source.name());
        said.add(wrong.awaitState("failed").toString());
        wrong.cancelled();
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        target.execute("ALTER TABLE scratch ADD CONSTRAINT no CHECK (id <> 2)");
        source.execute("INSERT INTO scratch VALUES (2, '" + ROW.replace("'", "''") + "')");
        said.add(migration.awaitState("failed").toString());
        target.execute("ALTER TABLE scratch DROP CONSTRAINT no");
        migration.expect202(migration.retry());
        Map<String, byte[]> places = new HashMap<>();
        places.put("process list", processList());
        addFiles(places, Path.of("target", "servers"), "broker-");
        migration.cutOver(false);
        said.add(harness.api().list().body().toString());
        said.add(harness.api().show(migration.id()).body().toString());

        // Then
        places.put("API", String.join("\n", said).getBytes(StandardCharsets.UTF_8));
        for (Service service : Service.values()) {
            Path log = harness.processes().process(service).log();
            places.put(log.toString(), Files.readAllBytes(log));
            Path out = log.resolveSibling(harness.processes().process(service).name() + ".out");
            places.put(out.toString(), Files.readAllBytes(out));
        }
        assertThat(places.keySet())
                .anyMatch(place -> place.contains("godwit.migrations-"))
                .anyMatch(place -> place.contains("godwit.audit-"));
        places.forEach(this::requireNoSecret);
        places.forEach((place, bytes) -> {
            if ((place.endsWith(".log") && !place.contains("broker-")) || place.equals("API")) {
                assertThat(holds(bytes, ROW)).as("a row's value in " + place).isFalse();
            }
        });
        MigrationHarness.requireEqual(source, target);
    }

    private void requireNoSecret(String place, byte[] bytes) {
        for (String secret :
                List.of(
                        Roles.MIGRATOR.password(),
                        Roles.SUPERUSER.password(),
                        GUESSED,
                        harness.token(),
                        harness.keyset().replaceAll(".*\"value\":\"([^\"]+)\".*", "$1"))) {
            assertThat(holds(bytes, secret)).as("a secret in " + place).isFalse();
        }
    }

    private static byte[] processList() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            for (Path process : (Iterable<Path>) processes::iterator) {
                try {
                    all.append(
                            Files.readString(
                                    process.resolve("cmdline"), StandardCharsets.ISO_8859_1));
                } catch (IOException noProcess) {
                    // It has ended meanwhile.
                }
            }
        }
        assertThat(all.toString()).contains("dev.godwit.capture.Main");
        return all.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The broker's own files hold every topic's records as they were sent. */
    private static void addFiles(Map<String, byte[]> places, Path folder, String prefix)
            throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (file.toString().contains(prefix)
                        && file.toString().contains("godwit.")
                        && file.toString().endsWith(".log")) {
                    try {
                        places.put(file.toString(), Files.readAllBytes(file));
                    } catch (NoSuchFileException trimmed) {
                        // Its records are gone, and so is what they held.
                    }
                }
            }
        }
    }

    private static boolean holds(byte[] bytes, String text) {
        return new String(bytes, StandardCharsets.ISO_8859_1)
                .contains(
                        new String(
                                text.getBytes(StandardCharsets.UTF_8),
                                StandardCharsets.ISO_8859_1));
    }
}
