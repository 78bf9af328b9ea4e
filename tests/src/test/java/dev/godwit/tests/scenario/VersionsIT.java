// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.HeldLock;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What old servers lack is refused in words, or made up for. */
@MigrationTest
class VersionsIT {
    private final MigrationHarness harness;

    VersionsIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void refusesASourceBefore10BeforeTheStart() {
        Database source = harness.database(9, "old_source");
        Database target = harness.database(18, "old_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(Roles.MIGRATOR, "CREATE TABLE item (id int PRIMARY KEY, what text)");
        }

        DatabaseStatus refused = harness.migrate(source, target).awaitState("failed");

        assertThat(refused.failureCode()).isEqualTo("SOURCE_TOO_OLD");
        assertThat(refused.failureWhat()).isEqualTo("the source is PostgreSQL 9.6");
        assertThat(refused.failureRemedy()).contains("pgoutput", "pg_upgrade", "pg_dump");
        assertThat(target.query("SELECT nspname FROM pg_namespace WHERE nspname = 'godwit'"))
                .isEmpty();
    }

    /**
     * Before 14 a range of blocks is not read without the rest, so the key's ranges are. Before 12
     * floats are compared by their bytes, of which NaN and arrays have several for one value.
     */
    @Test
    void readsABigTableInRangesOfItsKeyAndComparesFloats() {
        Database source = harness.database(10, "ranges_source");
        Database target = harness.database(18, "ranges_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE big (id bigint PRIMARY KEY, what text)",
                    "CREATE TABLE extreme (id bigint PRIMARY KEY, what text)",
                    "CREATE TABLE measured (id int PRIMARY KEY, f float8, p point, g float4[])");
        }
        String nan = "'Infinity'::float8 - 'Infinity'";
        source.execute(
                "INSERT INTO measured SELECT i, i / 7.0, point(i / 3.0, "
                        + nan
                        + "), ARRAY[NULL, i / 9.0] FROM generate_series(1, 9) i",
                "UPDATE measured SET f = " + nan + ", g[1] = " + nan + " WHERE id > 5");
        source.execute(
                "INSERT INTO big SELECT i * 3 - 300000, repeat(md5(i::text), 5) FROM generate_series(1, 200000) i",
                "INSERT INTO extreme SELECT i, repeat(md5(i::text), 5) FROM generate_series(1, 100000) i",
                "INSERT INTO extreme VALUES (-9223372036854775808, 'least'), (9223372036854775807, 'greatest')",
                "ANALYZE");
        assertThat(
                        source.number(
                                "SELECT min(pg_relation_size(oid)) FROM pg_class WHERE relname IN ('big', 'extreme')"))
                .as("more than one chunk")
                .isGreaterThan(16L << 20);

        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute(
                "DELETE FROM extreme WHERE id IN (-9223372036854775808, 5)",
                "UPDATE measured SET f = " + nan + ", g[1] = 0.1 WHERE id > 3");
        migration.cutOver(false);

        MigrationHarness.requireEqual(source, target);
    }

    /** Before the TRUNCATE is noticed, the rows that it took away stand in the way of new ones. */
    @Test
    void goesOnByRetryWhen10FillsATableAgainAtOnce() {
        // Given
        Database source = harness.database(10, "refill_source");
        Database target = harness.database(18, "refill_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR, "CREATE TABLE refilled (id int PRIMARY KEY, what text)");
        }
        source.execute("INSERT INTO refilled SELECT i, 'old' FROM generate_series(1, 50) i");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        // When
        source.transact(
                "TRUNCATE refilled",
                "INSERT INTO refilled SELECT i, 'new' FROM generate_series(1, 40) i");

        // Then
        migration.await(
                "the new rows",
                status -> {
                    if (status.state().equals("failed")) {
                        assertThat(status.failureCode()).isEqualTo("CHANGE_REFUSED");
                        migration.retry();
                    }
                    return target.number("SELECT count(*) FROM refilled WHERE what = 'new'") == 40;
                });
        source.execute("UPDATE refilled SET what = 'newer' WHERE id < 10");
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    /** Logical decoding of 10 tells of no TRUNCATE. */
    @Test
    void loadsAgainWhat10Truncates() {
        // Given
        Database source = harness.database(10, "truncate_source");
        Database target = harness.database(18, "truncate_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE emptied (id int PRIMARY KEY, what text UNIQUE)",
                    "CREATE TABLE refilled (id int PRIMARY KEY, what text)",
                    "CREATE TABLE other (id int PRIMARY KEY, what text)");
        }
        for (String table : List.of("emptied", "refilled", "other")) {
            source.execute(
                    "INSERT INTO %s SELECT i, 'w' || i FROM generate_series(1, 50) i"
                            .formatted(table));
        }
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        // When
        source.execute("UPDATE emptied SET what = 'x' || id", "TRUNCATE emptied");
        source.transact(
                "TRUNCATE refilled", "INSERT INTO refilled VALUES (51, 'new'), (52, 'new')");
        source.execute("INSERT INTO other VALUES (51, 'new')");

        // Then
        migration.await(
                "both tables again",
                status ->
                        target.number("SELECT count(*) FROM emptied") == 0
                                && target.number("SELECT count(*) FROM refilled") == 2);
        source.execute("INSERT INTO emptied VALUES (1, 'w1')", "UPDATE refilled SET what = 'n'");

        // A rewrite is told from it by nothing.
        source.execute("VACUUM FULL refilled", "CLUSTER other USING other_pkey");
        migration.await(
                "both tables once more",
                status ->
                        status.attempts("public.refilled") > 2
                                && status.attempts("public.other") > 1);
        migration.awaitState("ready_to_cutover");
        truncateBehindTheGate(migration, source, target);
        migration.expect202(migration.reload("public.other"));
        migration.await(
                "the load", status -> status.json().path("initializationCompleted").asBoolean());
        migration.cutOver();
        MigrationHarness.requireEqual(source, target);
        assertThat(target.number("SELECT count(*) FROM other")).isZero();
    }

    /** The cutover's ANALYZE waits for the lock meanwhile. */
    private static void truncateBehindTheGate(
            RunningMigration migration, Database source, Database target) {
        migration.expect202(migration.startCutover(false));
        try (HeldLock lock =
                HeldLock.of(target, "LOCK TABLE refilled IN SHARE UPDATE EXCLUSIVE MODE")) {
            migration.applyAccepted();
            source.execute("TRUNCATE other");
        }
        assertThat(migration.awaitState("failed").failureCode()).isEqualTo("ROWS_DIFFER");
    }
}
