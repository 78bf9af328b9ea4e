// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.tests.compare.LargeObjectText;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.GodwitApi.Reply;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Large objects arrive byte for byte under their oids, and what happens to them after the load is
 * found before the target takes over.
 */
@MigrationTest
class LargeObjectsIT {
    private static final String NOTE = "CREATE TABLE note (id int PRIMARY KEY, scan oid)";

    /** Sizes at the borders of a server's page of 2 KiB and of a part of 256 KiB. */
    private static final int[] SIZES = {
        0, 1, 2047, 2048, 2049, 262_143, 262_144, 262_145, 524_288, 1_000_000
    };

    private final MigrationHarness harness;

    LargeObjectsIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @ParameterizedTest
    @CsvSource({"10, 18", "15, 15", "17, 18"})
    void arriveByteForByteUnderTheirOids(int from, int to) {
        // Given
        Database source = database(from, "lobs_source");
        Database target = database(to, "lobs_target");
        createClerk(source);
        createClerk(target);
        fillByEverySize(source);
        source.execute(
                "INSERT INTO note SELECT row_number() OVER (ORDER BY oid), oid FROM pg_largeobject_metadata");

        // When
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        // Then
        List<String> expected = LargeObjectText.of(source);
        assertThat(expected).hasSizeGreaterThan(3_000);
        assertThat(LargeObjectText.of(target)).isEqualTo(expected);
        assertThat(target.number("SELECT count(*) FROM pg_largeobject WHERE loid = 4294967290"))
                .as("the hole is still one")
                .isLessThan(1_000);
        DatabaseStatus end = migration.cutOver(true);
        assertThat(LargeObjectText.of(target)).isEqualTo(expected);
        MigrationHarness.say(
                "%d large objects from %d to %d: load %d ms, outage %d ms",
                expected.size(),
                from,
                to,
                end.report().path("loadMillis").asLong(),
                end.report().path("outageMillis").asLong());
        JsonNode objects = comparison(end, "pg_catalog.pg_largeobject");
        assertThat(objects.path("equal").asBoolean()).isTrue();
        assertThat(objects.path("sourceRows").asInt()).isEqualTo(expected.size());
        MigrationHarness.requireEqual(source, target);
        assertThat(target.query("SELECT nspname FROM pg_namespace WHERE nspname = 'godwit'"))
                .isEmpty();
    }

    @Test
    void refuseTheCutoverWhenSomeWereCreatedOrRemovedSince() {
        // Given
        Database source = database(15, "lobs_names_source");
        Database target = database(18, "lobs_names_target");
        fill(source, 20);
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        // When
        source.executeAs(
                Roles.MIGRATOR,
                "SELECT lo_from_bytea(70001, 'new')",
                "SELECT lo_unlink(10007)",
                "SELECT lo_unlink(10008)");

        // Then
        migration.await(
                "the operator hears of it",
                status -> status.notes().stream().anyMatch(note -> note.contains("70001")));
        Reply refused = migration.startCutover(true);
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.code()).isEqualTo("LARGE_OBJECTS_CHANGED");
        assertThat(refused.body().path("what").asText())
                .startsWith(
                        "3 large objects of the source are not as they were loaded: created 70001; removed 10007, 10008");
        assertThat(refused.remedy()).isNotBlank();
        assertThat(migration.status().state()).isEqualTo("ready_to_cutover");

        migration.expect202(migration.reload("pg_catalog.pg_largeobject"));
        migration.cutOver(false);
        assertThat(LargeObjectText.of(target)).hasSize(19).isEqualTo(LargeObjectText.of(source));
    }

    @Test
    void refuseTheCutoverWhenBytesHaveChangedSince() {
        // Given
        Database source = database(15, "lobs_bytes_source");
        Database target = database(15, "lobs_bytes_target");
        fill(source, 20);
        source.executeAs(
                Roles.MIGRATOR,
                "SELECT lo_from_bytea(20001, decode(repeat('ab', 1000000), 'hex'))");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        // When
        source.executeAs(
                Roles.MIGRATOR,
                "SELECT lo_put(20001, 654321, '\\x00')",
                "SELECT lo_put(10003, 1, '\\x03')");
        migration.expect202(migration.startCutover(true));
        migration.await("the fence", DatabaseStatus::fenced);
        migration.awaitNothingPending();
        migration.applyAccepted();

        // Then
        DatabaseStatus failed = migration.awaitState("failed");
        assertThat(failed.failureCode()).isEqualTo("LARGE_OBJECTS_CHANGED");
        assertThat(failed.failureWhat())
                .isEqualTo(
                        "2 large objects of the source are not as they were loaded: changed 10003, 20001");

        // The sync goes on; the change undone, the operator retries and applies again.
        source.executeAs(
                Roles.MIGRATOR,
                "SET default_transaction_read_only = off",
                "SELECT lo_put(20001, 654321, '\\xab')",
                "INSERT INTO note VALUES (99, 99)");
        migration.expect202(migration.retry());
        migration.awaitNothingPending();
        migration.applyAccepted();
        assertThat(migration.awaitState("failed").failureWhat()).endsWith("changed 10003");
        // Or they are copied as they are now, which lets the migration go on by itself.
        migration.expect202(migration.reload("pg_catalog.pg_largeobject"));
        migration.await(
                "the load", status -> status.json().path("initializationCompleted").asBoolean());
        migration.cutOver();
        assertThat(LargeObjectText.of(target)).isEqualTo(LargeObjectText.of(source));
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void areLookedForWhenThereWereNoneAtTheStart() {
        Database source = database(14, "lobs_none_source");
        Database target = database(18, "lobs_none_target");
        target.executeAs(Roles.MIGRATOR, "SELECT lo_from_bytea(5, 'the target''s own')");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.executeAs(Roles.MIGRATOR, "SELECT lo_from_bytea(5, 'new')");

        Reply refused = migration.startCutover(false);

        assertThat(refused.code()).isEqualTo("LARGE_OBJECTS_CHANGED");
        assertThat(refused.body().path("what").asText()).contains("created 5");
        Reply mixed = migration.reload("pg_catalog.pg_largeobject");
        assertThat(mixed.code()).isEqualTo("TARGET_TABLE_NOT_EMPTY");
        assertThat(LargeObjectText.of(target)).hasSize(1);
        target.executeAs(Roles.MIGRATOR, "SELECT lo_unlink(5)");
        migration.expect202(migration.reload("pg_catalog.pg_largeobject"));
        migration.cutOver(false);
        assertThat(LargeObjectText.of(target)).hasSize(1).isEqualTo(LargeObjectText.of(source));
    }

    @Test
    void stayWhereTheyAreWhenTheSelectionLeavesThemOut() {
        Database source = database(15, "lobs_out_source");
        Database target = database(15, "lobs_out_target");
        fill(source, 3);
        RunningMigration migration =
                harness.start(
                        harness.request(source, target).tables("!pg_catalog.pg_largeobject"),
                        source.name());
        migration.awaitState("ready_to_cutover");
        source.executeAs(Roles.MIGRATOR, "SELECT lo_unlink(10001)");

        DatabaseStatus end = migration.cutOver(false);

        assertThat(LargeObjectText.of(target)).isEmpty();
        assertThat(end.json().path("findings").toString())
                .contains("3 large objects of the source do not travel");
    }

    @Test
    void areWatchedOnceAReloadHasTakenThemIn() {
        Database source = database(15, "lobs_in_source");
        Database target = database(15, "lobs_in_target");
        fill(source, 3);
        RunningMigration migration =
                harness.start(harness.request(source, target).tables("public.*"), source.name());
        migration.awaitState("ready_to_cutover");

        migration.expect202(migration.add("pg_catalog.pg_largeobject"));
        migration.awaitState("ready_to_cutover");
        source.executeAs(Roles.MIGRATOR, "SELECT lo_put(10002, 0, '\\x77')");
        migration.expect202(migration.startCutover(false));
        migration.awaitNothingPending();
        migration.applyAccepted();

        assertThat(migration.awaitState("failed").failureWhat()).endsWith("changed 10002");
        migration.expect202(migration.reload("pg_catalog.pg_largeobject"));
        migration.await(
                "the load", status -> status.json().path("initializationCompleted").asBoolean());
        migration.cutOver();
        assertThat(LargeObjectText.of(target)).hasSize(3).isEqualTo(LargeObjectText.of(source));
    }

    private Database database(int major, String name) {
        Database database = harness.database(major, name);
        return database.executeAs(Roles.MIGRATOR, NOTE);
    }

    /** Objects 10001 and on, of one byte. */
    private static void fill(Database source, int count) {
        source.executeAs(
                Roles.MIGRATOR,
                "SELECT lo_from_bytea((10000 + i)::oid, decode(lpad(to_hex(i), 2, '0'), 'hex')) FROM generate_series(1, %d) i"
                        .formatted(count));
    }

    private static void fillByEverySize(Database source) {
        for (int i = 0; i < SIZES.length; i++) {
            source.executeAs(
                    Roles.MIGRATOR,
                    "SELECT lo_from_bytea(%d, substring(decode(repeat('%s', %d), 'hex') FROM 1 FOR %d))"
                            .formatted(1001 + i, "00ff5c4e0a0d09", SIZES[i] / 7 + 1, SIZES[i]));
        }
        source.executeAs(
                Roles.MIGRATOR,
                // Every byte; zeroes that are stored, not a hole; zeroes and then one byte.
                "SELECT lo_from_bytea(2001, decode(string_agg(lpad(to_hex(i), 2, '0'), ''), 'hex')) FROM generate_series(0, 255) i",
                "SELECT lo_from_bytea(2002, decode(repeat('00', 700000), 'hex'))",
                "SELECT lo_from_bytea(2003, decode(repeat('00', 600000) || '01', 'hex'))",
                // A hole before the end, beyond what an int counts; one at the end; one in between.
                "SELECT lo_create(4294967290)",
                "SELECT lo_put(4294967290, 2200000000, 'far')",
                "SELECT lo_create(2004)",
                "DO $$ BEGIN PERFORM lo_truncate64(lo_open(2004, 131072), 999999); END $$",
                "SELECT lo_from_bytea(2005, 'begin')",
                "SELECT lo_put(2005, 5000000, 'end')",
                // Some pieces of the load long.
                "SELECT lo_from_bytea(3001, string_agg(decode(md5(i::text), 'hex'), '')) FROM generate_series(1, 2600000) i",
                "SELECT lo_from_bytea((100000 + i)::oid, decode(md5(i::text), 'hex')) FROM generate_series(1, 3000) i");
        source.execute(
                "SET ROLE clerk",
                "SELECT lo_from_bytea(3000000001, 'the clerk''s')",
                "SELECT lo_from_bytea(1500, string_agg(decode(md5(i::text), 'hex'), '')) FROM generate_series(1, 50000) i");
    }

    /** An owner of large objects that Godwit's role may act as. */
    private static void createClerk(Database database) {
        database.execute(
                "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'clerk') THEN CREATE ROLE clerk; GRANT clerk TO migrator; END IF; END $$");
    }

    private static JsonNode comparison(DatabaseStatus status, String name) {
        for (JsonNode table : status.report().path("comparisons")) {
            if (table.path("target").asText().equals(name)) {
                return table;
            }
        }
        throw new AssertionError("no comparison of " + name + " in " + status.report());
    }
}
