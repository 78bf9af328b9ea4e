// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.HeldLock;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.Mode;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * A table is rewritten after the snapshot and before its first chunk: its snapshot would read
 * nothing, without an error.
 */
@MigrationTest(Mode.PROCESSES)
class RewriteIT {
    private static final int ROWS = 40_000;

    private final MigrationHarness harness;

    RewriteIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void isNoticedAndTheTableLoadedAgain() {
        // Given: a big table that is read first, and a small one behind it
        Database source = harness.database(15, "rewrite_source");
        Database target = harness.database(18, "rewrite_target");
        for (Database database : new Database[] {source, target}) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE big (id int PRIMARY KEY, v text)",
                    "CREATE TABLE small (id int PRIMARY KEY, v int)",
                    "CREATE TABLE emptied (id int PRIMARY KEY, v int)");
        }
        source.execute(
                "INSERT INTO big SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, %d) i"
                        .formatted(ROWS),
                "INSERT INTO small SELECT i, i FROM generate_series(1, 500) i",
                "INSERT INTO emptied SELECT i, i FROM generate_series(1, 500) i",
                "VACUUM ANALYZE");

        // When
        RunningMigration migration =
                harness.start(
                        harness.request(source, target).setting("loadWorkers", 1), source.name());
        String slot = "godwit_" + migration.databaseId();
        Awaitility.await("the slot stands")
                .atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofMillis(3))
                .until(() ->
                        source.number(
                                        "SELECT count(*) FROM pg_replication_slots WHERE confirmed_flush_lsn IS NOT NULL AND slot_name = '"
                                                + slot
                                                + "'")
                                == 1);
        try (HeldLock rewrite =
                HeldLock.of(source, "LOCK TABLE small, emptied IN ACCESS EXCLUSIVE MODE")) {
            rewrite.execute("ALTER TABLE small ALTER COLUMN v TYPE int USING v + 0");
            rewrite.execute("TRUNCATE emptied");
            rewrite.execute("INSERT INTO emptied VALUES (1, 1)");
            rewrite.commit();
        }
        source.execute(
                "UPDATE small SET v = -v WHERE id <= 10", "DELETE FROM small WHERE id = 500");

        // Then
        DatabaseStatus ready = migration.awaitState("ready_to_cutover");
        assertThat(attempts(ready, "public.big")).isEqualTo(1);
        assertThat(attempts(ready, "public.small")).as("the rewrite met the load").isEqualTo(2);
        assertThat(attempts(ready, "public.emptied")).isEqualTo(2);
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
        assertThat(target.number("SELECT count(*) FROM small")).isEqualTo(499);
    }

    @Test
    void duringTheSyncIsNoticedToo() {
        Database source = harness.database(15, "vacuum_source");
        Database target = harness.database(18, "vacuum_target");
        for (Database database : new Database[] {source, target}) {
            database.executeAs(Roles.MIGRATOR, "CREATE TABLE item (id int PRIMARY KEY, v int)");
        }
        source.execute("INSERT INTO item SELECT i, i FROM generate_series(1, 500) i");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        source.execute(
                "VACUUM FULL item",
                "UPDATE item SET v = -v",
                "TRUNCATE item",
                "INSERT INTO item VALUES (1, 1)");

        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    private static int attempts(DatabaseStatus status, String table) {
        return status.table(table).path("attempt").asInt();
    }
}
