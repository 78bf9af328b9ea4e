// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.compare.LargeObjectText;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.harness.Service;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Services that die while large objects are loaded leave no half of one: after a death of capture
 * all of them are loaded again, after one of apply the rest.
 */
@MigrationTest(Mode.PROCESSES)
class LargeObjectDeathsIT {
    private final MigrationHarness harness;

    LargeObjectDeathsIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void ofCaptureInTheLoad() {
        dieAtEach(
                Service.CAPTURE,
                MigrationHarness.SOAK
                        ? List.of("AFTER_PIECE", "BEFORE_TABLE_END", "AFTER_TABLE_END")
                        : List.of("AFTER_PIECE"));
    }

    @Test
    void ofApplyInTheLoad() {
        dieAtEach(
                Service.APPLY,
                MigrationHarness.SOAK
                        ? List.of(
                                "AFTER_GRANT_COMMIT",
                                "AFTER_COPY_BEFORE_COMMIT",
                                "AFTER_PIECE_COMMIT",
                                "AFTER_INDEXES_BEFORE_LOADED")
                        : List.of("AFTER_COPY_BEFORE_COMMIT", "AFTER_PIECE_COMMIT"));
    }

    private void dieAtEach(Service service, List<String> points) {
        // Given
        Database source = harness.database(11, "lob_deaths_source");
        Database target = harness.database(18, "lob_deaths_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(Roles.MIGRATOR, "CREATE TABLE note (id int PRIMARY KEY, scan oid)");
        }
        source.executeAs(
                Roles.MIGRATOR,
                "SELECT lo_from_bytea((10000 + i)::oid, decode(md5(i::text), 'hex')) FROM generate_series(1, 2500) i",
                // In more than one piece: the rest is written into what the first has made.
                "SELECT lo_from_bytea(20000, string_agg(decode(md5(i::text), 'hex'), '')) FROM generate_series(1, 2500000) i",
                "INSERT INTO note VALUES (1, 20000)");

        // When
        try (Deaths deaths = Deaths.of(harness.processes(), service, points)) {
            RunningMigration migration =
                    harness.start(
                            harness.request(source, target).setting("loadWorkers", 1),
                            source.name());
            migration.awaitState("ready_to_cutover");
            migration.cutOver(true);

            // Then
            assertThat(deaths.notReached()).isEmpty();
        }
        assertThat(LargeObjectText.of(target)).isEqualTo(LargeObjectText.of(source)).hasSize(2_501);
        MigrationHarness.requireEqual(source, target);
    }
}
