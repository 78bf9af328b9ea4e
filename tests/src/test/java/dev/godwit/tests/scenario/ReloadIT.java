// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.GodwitApi.Reply;
import dev.godwit.tests.harness.HeldLock;
import dev.godwit.tests.harness.LogWitness;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.workload.Newcomer;
import dev.godwit.tests.workload.Shop;
import dev.godwit.tests.workload.Writer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables are added, and loaded anew, while the others sync under writers. */
@MigrationTest
class ReloadIT {
    private static final int ROWS = MigrationHarness.SOAK ? 50_000 : 2_000;
    private static final int TRANSACTIONS = MigrationHarness.SOAK ? 2_000 : 200;

    private final MigrationHarness harness;

    ReloadIT(MigrationHarness harness) {
        this.harness = harness;
    }

    static IntStream sources() {
        // The last 12 still forgets tables that join, unless it is asked with care.
        return MigrationHarness.SOAK ? IntStream.rangeClosed(11, 18) : IntStream.of(12);
    }

    @ParameterizedTest(name = "from {0}")
    @MethodSource("sources")
    void takesWhatChangesUnderAWriter(int version) {
        // Given
        Database source = Shop.fill(Shop.create(harness.database(version, "reload_source")), ROWS);
        Database target = Shop.create(harness.database(18, "reload_target"));
        source.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE event (day int, id int, what text, PRIMARY KEY (day, id)) PARTITION BY LIST (day)",
                "CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1)",
                "INSERT INTO event SELECT 1, i, 'old ' || i FROM generate_series(1, 500) i");
        target.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE event (day int, id int, what text, PRIMARY KEY (day, id))");
        long seed = MigrationHarness.seeded("reload").nextLong();
        try (Writer writer = Writer.start(source, seed, 2, 60)) {
            RunningMigration migration = harness.migrate(source, target);
            try (LogWitness witness = LogWitness.of(harness, migration)) {
                migration.awaitState("ready_to_cutover");

                // When
                Newcomer.create(source, target);
                Newcomer.fill(source, ROWS);
                try (Writer another =
                        Writer.start(source, Newcomer.application(), seed + 1, 2, 60)) {
                    awaitNote(migration, "godwit reload 'public.newcomer'");
                    refused(migration.startCutover(false), "public.newcomer");
                    addAcrossAnOlderTransaction(migration, source);
                    DatabaseStatus added = migration.awaitState("ready_to_cutover");
                    assertThat(added.attempts("public.newcomer")).isEqualTo(1);
                    assertThat(added.attempts("public.account")).isEqualTo(1);
                    attachAPartition(migration, source);
                    rewriteWithAVolatileDefault(migration, source, target);
                    long wanted = another.committed() + TRANSACTIONS;
                    migration.await("the sync", status -> another.committed() >= wanted);
                    DatabaseStatus end = migration.cutOver(true);

                    // Then
                    MigrationHarness.say("%s; %s; %d changes", writer, another, end.applied());
                    witness.requireSound();
                    assertThat(witness.changes())
                            .isEqualTo(end.incoming())
                            .isEqualTo(end.applied());
                    assertThat(another.fenced()).isTrue();
                }
            }
            assertThat(writer.fenced()).isTrue();
        }
        MigrationHarness.requireEqual(source, target);
        assertThat(target.query(Newcomer.OBJECTS)).isEqualTo(source.query(Newcomer.OBJECTS));
    }

    /** A transaction that has changed the table before it is published, and goes on behind. */
    private static void addAcrossAnOlderTransaction(RunningMigration migration, Database source) {
        try (HeldLock older =
                HeldLock.of(
                        source,
                        "INSERT INTO price VALUES (-1, 'first')",
                        "INSERT INTO newcomer (v) VALUES ('before')")) {
            migration.expect202(migration.reload(Newcomer.NAME));
            assertThat(migration.status().state()).isEqualTo("loading");
            assertThat(migration.startCutover(false).code()).isEqualTo("CUTOVER_NOT_READY");
            migration.await("the older transaction", status -> status.waitsFor() > 0);
            older.execute("INSERT INTO newcomer (v) VALUES ('behind')");
            older.execute("INSERT INTO price VALUES (-2, 'second')");
            older.commit();
        }
    }

    private static void attachAPartition(RunningMigration migration, Database source) {
        source.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE event_2 (day int, id int, what text, PRIMARY KEY (day, id))",
                "INSERT INTO event_2 SELECT 2, i, 'never streamed ' || i FROM generate_series(1, 700) i",
                "ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES IN (2)");
        refused(migration.startCutover(false), "public.event_2");
        migration.expect202(migration.reload("public.event"));
        DatabaseStatus attached = migration.awaitState("ready_to_cutover");
        assertThat(attached.attempts("public.event")).isEqualTo(2);
        source.execute(
                "UPDATE event SET what = 'streamed' WHERE id < 10",
                "INSERT INTO event VALUES (2, 9001, 'new')");
    }

    private static void rewriteWithAVolatileDefault(
            RunningMigration migration, Database source, Database target) {
        target.execute("ALTER TABLE label ADD COLUMN stamp text");
        source.execute("ALTER TABLE label ADD COLUMN stamp text DEFAULT md5(random()::text)");
        migration.expect202(migration.reload("public.label"));
        DatabaseStatus rewritten = migration.awaitState("ready_to_cutover");
        assertThat(rewritten.attempts("public.label")).isEqualTo(2);
        assertThat(rewritten.attempts("public.newcomer")).isEqualTo(1);
    }

    @Test
    void lessPartitionsGoAwayTogetherWithTheirRows() {
        // Given: partitions that go to one target table
        Database source = harness.database(15, "less_source");
        Database target = harness.database(18, "less_target");
        source.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE event (day int, id int, PRIMARY KEY (day, id)) PARTITION BY LIST (day)",
                "CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1)",
                "CREATE TABLE event_2 PARTITION OF event FOR VALUES IN (2)",
                "CREATE TABLE event_3 PARTITION OF event FOR VALUES IN (3)",
                "INSERT INTO event SELECT 1 + i % 3, i FROM generate_series(1, 90) i");
        target.executeAs(
                Roles.MIGRATOR, "CREATE TABLE event (day int, id int, PRIMARY KEY (day, id))");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        // When
        source.execute("DROP TABLE event_3", "ALTER TABLE event DETACH PARTITION event_2");
        refused(migration.startCutover(false), "event");
        target.executeAs(
                Roles.MIGRATOR, "CREATE TABLE event_2 (day int, id int, PRIMARY KEY (day, id))");
        migration.expect202(migration.reload("public.event", "public.event_2"));
        migration.awaitState("ready_to_cutover");
        source.execute(
                "INSERT INTO event_2 VALUES (7, 7)",
                "INSERT INTO event VALUES (1, 1000)",
                "TRUNCATE event");

        // Then
        source.execute("INSERT INTO event VALUES (1, 1001)");
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
        assertThat(target.number("SELECT count(*) FROM event")).isEqualTo(1);
        assertThat(target.number("SELECT count(*) FROM event_2")).isEqualTo(31);
    }

    @Test
    void anAttachedTableGoesWhereItsRootGoes() {
        // Given: a table that travels by itself, with changes
        Database source = harness.database(15, "attached_source");
        Database target = harness.database(18, "attached_target");
        source.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE event (day int, id int, PRIMARY KEY (day, id)) PARTITION BY LIST (day)",
                "CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1)",
                "CREATE TABLE loose (day int, id int, PRIMARY KEY (day, id))",
                "INSERT INTO event SELECT 1, i FROM generate_series(1, 40) i",
                "INSERT INTO loose SELECT 2, i FROM generate_series(1, 30) i");
        target.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE event (day int, id int, PRIMARY KEY (day, id))",
                "CREATE TABLE loose (day int, id int, PRIMARY KEY (day, id))");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute("DELETE FROM loose WHERE id = 30");
        migration.awaitNothingPending();

        // When
        source.execute("ALTER TABLE event ATTACH PARTITION loose FOR VALUES IN (2)");
        refused(migration.startCutover(false), "table public.loose of the source was attached");
        migration.expect202(migration.reload("public.loose"));
        migration.awaitState("ready_to_cutover");
        source.execute(
                "UPDATE event SET id = id + 1000 WHERE id > 20",
                "INSERT INTO event VALUES (2, 5000)",
                "DELETE FROM loose WHERE id = 7");
        migration.cutOver(false);

        // Then
        target.execute("DROP TABLE loose");
        MigrationHarness.requireEqual(source, target);
        assertThat(target.number("SELECT count(*) FROM event WHERE day = 2")).isEqualTo(29);
    }

    @Test
    void leafByLeafTheTargetsPartitionsMustBeTheSources() {
        // Given: triggers that have to be parked, of which a detach takes some away
        Database source = harness.database(15, "leaves_source");
        Database target = harness.database(18, "leaves_target");
        for (Database side : List.of(source, target)) {
            side.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE event (day int, id int, PRIMARY KEY (day, id)) PARTITION BY LIST (day)",
                    "CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1)",
                    "CREATE TABLE event_2 PARTITION OF event FOR VALUES IN (2)",
                    "CREATE TABLE event_3 PARTITION OF event FOR VALUES IN (3)",
                    "CREATE TABLE loose (day int, id int, PRIMARY KEY (day, id))",
                    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF current_setting('application_name') LIKE 'godwit%' THEN RAISE 'fired'; END IF; RETURN NULL; END $$",
                    "CREATE TRIGGER always AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION note()",
                    "ALTER TABLE event ENABLE ALWAYS TRIGGER always");
        }
        source.execute(
                "INSERT INTO event SELECT 1 + i % 3, i FROM generate_series(1, 90) i",
                "INSERT INTO loose SELECT 4, i FROM generate_series(1, 9) i");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        // When
        source.execute(
                "INSERT INTO event VALUES (3, 1000)",
                "DROP TABLE event_3",
                "ALTER TABLE event DETACH PARTITION event_2",
                "ALTER TABLE event ATTACH PARTITION loose FOR VALUES IN (4)",
                "INSERT INTO event VALUES (4, 1000), (1, 1000)");
        refused(migration.startCutover(false), "public.event_3");
        migration.expect202(migration.reload("public.event_3"));
        migration.awaitState("ready_to_cutover");
        migration.awaitNothingPending();
        for (String table : List.of("public.event_2", "public.loose", "public.event_3")) {
            Reply differing = migration.startCutover(false);
            target.execute(mending(differing, table));
            if (differing.remedy().contains("godwit reload")) {
                migration.expect202(migration.reload(table));
                migration.awaitState("ready_to_cutover");
            }
        }
        source.execute("INSERT INTO event_2 VALUES (7, 7)", "INSERT INTO event VALUES (4, 1001)");

        // Then: of the partitions nothing was loaded anew
        assertThat(migration.status().attempts("public.event_1")).isEqualTo(1);
        migration.cutOver(false);
        target.execute("DROP TABLE event_3");
        MigrationHarness.requireEqual(source, target);
        for (String table : List.of("event", "event_2")) {
            String rows = "SELECT * FROM " + table + " ORDER BY 1, 2";
            assertThat(target.query(rows)).isNotEmpty().isEqualTo(source.query(rows));
        }
    }

    /** The statement of a refusal's remedy. */
    private static String mending(Reply refused, String table) {
        assertThat(refused.code()).isEqualTo("SCHEMA_CHANGED");
        assertThat(refused.body().path("what").asText()).contains(table);
        return refused.remedy().replaceFirst("^On the target: ", "").replaceFirst(";.*", "");
    }

    @Test
    void aDroppedTableIsLetGo() {
        // Given
        Database source = Shop.fill(Shop.create(harness.database(15, "dropped_source")), 300);
        Database target = Shop.create(harness.database(18, "dropped_target"));
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        long labels = target.number("SELECT count(*) FROM label");

        // When
        source.execute(
                "UPDATE label SET words = 'the last change' WHERE code = 'code 1'",
                "DROP TABLE label",
                "UPDATE price SET what = 'after it'");
        migration.awaitNothingPending();
        refused(migration.startCutover(false), "public.label");
        migration.expect202(migration.reload("public.label"));
        migration.awaitState("ready_to_cutover");
        source.execute("UPDATE price SET what = 'still streamed' WHERE amount < 9");
        migration.cutOver(false);

        // Then: of the others nothing was loaded anew
        String prices = "SELECT * FROM price ORDER BY 1";
        assertThat(target.query(prices)).isNotEmpty().isEqualTo(source.query(prices));
        assertThat(target.number("SELECT count(*) FROM label")).isEqualTo(labels).isPositive();
        assertThat(target.query("SELECT words FROM label WHERE code = 'code 1'"))
                .containsExactly("the last change");
        target.execute("DROP TABLE label");
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void tablesThatTravelBecomePartitionsAndBack() {
        // Given: a partition of the target for each of the source's, and one table for all of them
        Database source = harness.database(15, "parted_source");
        Database target = harness.database(18, "parted_target");
        String columns = "(day int, id int, PRIMARY KEY (day, id))";
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE visit " + columns + " PARTITION BY LIST (day)",
                    "CREATE TABLE visit_1 PARTITION OF visit FOR VALUES IN (1)",
                    "CREATE TABLE visit_2 " + columns,
                    "CREATE TABLE visit_4 PARTITION OF visit FOR VALUES IN (4)");
        }
        source.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE event " + columns + " PARTITION BY LIST (day)",
                "CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1)",
                "CREATE TABLE event_2 PARTITION OF event FOR VALUES IN (2)",
                "CREATE TABLE event_3 PARTITION OF event FOR VALUES IN (3)");
        target.executeAs(Roles.MIGRATOR, "CREATE TABLE event " + columns);
        for (String table : List.of("event_1", "event_2", "visit_1", "visit_2", "visit_4")) {
            source.execute(
                    "INSERT INTO %s SELECT %s, i FROM generate_series(1, 50) i"
                            .formatted(table, table.charAt(table.length() - 1)));
        }
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        // When
        source.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE visit_3 " + columns,
                "INSERT INTO visit_3 SELECT 3, i FROM generate_series(1, 50) i",
                "ALTER TABLE visit ATTACH PARTITION visit_3 FOR VALUES IN (3)",
                "ALTER TABLE visit ATTACH PARTITION visit_2 FOR VALUES IN (2)",
                "ALTER TABLE visit DETACH PARTITION visit_4");
        refused(migration.startCutover(false), "partition public.visit_3");
        target.executeAs(
                Roles.MIGRATOR, "CREATE TABLE visit_3 PARTITION OF visit FOR VALUES IN (3)");
        migration.expect202(migration.reload("public.visit_3"));
        migration.awaitState("ready_to_cutover");
        mend(
                migration,
                target,
                "ALTER TABLE \"public\".\"visit\" ATTACH PARTITION \"public\".\"visit_2\" FOR VALUES IN (2);");
        mend(
                migration,
                target,
                "ALTER TABLE \"public\".\"visit\" DETACH PARTITION \"public\".\"visit_4\";");
        source.execute("DROP TABLE event_3");
        migration.expect202(migration.reload("public.visit_1"));
        migration.awaitState("ready_to_cutover");
        source.execute(
                "DELETE FROM visit WHERE id = 2",
                "INSERT INTO visit_4 VALUES (5, 5)",
                "TRUNCATE event_1",
                "INSERT INTO event VALUES (1, 7), (2, 70)");
        DatabaseStatus stopped = migration.awaitState("failed");
        assertThat(stopped.failureCode()).isEqualTo("CHANGE_REFUSED");
        assertThat(stopped.failureWhat()).contains("TRUNCATE of [public.event_1]");
        assertThat(stopped.failureRemedy()).contains("godwit reload");
        migration.expect202(migration.reload("public.event_1"));

        // Then
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
        assertThat(target.number("SELECT count(*) FROM event")).isEqualTo(52);
        assertThat(target.number("SELECT count(*) FROM visit")).isEqualTo(147);
    }

    /** The cutover is refused until the statement of its remedy has run on the target. */
    private static void mend(RunningMigration migration, Database target, String statement) {
        Reply reply = migration.startCutover(false);
        assertThat(reply.code()).isEqualTo("SCHEMA_CHANGED");
        assertThat(reply.remedy()).isEqualTo("On the target: " + statement);
        target.executeAs(Roles.MIGRATOR, statement);
    }

    @Test
    void loadsATableThatIsNotSelectedOnlyWhenToldTo() {
        Database source = Shop.fill(Shop.create(harness.database(15, "unselected_source")), 200);
        Database target = Shop.create(harness.database(18, "unselected_target"));
        RunningMigration migration =
                harness.start(
                        harness.request(source, target).tables("public.label"), source.name());
        migration.awaitState("ready_to_cutover");

        invalid(migration.reload("public.price"), "public.price is not selected", "--add");
        invalid(migration.reload("public.nobody"), "has no table public.nobody", "");
        invalid(migration.reload(), "tables", "");
        invalid(migration.reload("price"), "tables[0]", "");
        source.executeAs(Roles.MIGRATOR, "CREATE TABLE lonely (id int PRIMARY KEY)");
        Reply missing = migration.add("public.lonely");
        assertThat(missing.status()).isEqualTo(409);
        assertThat(missing.code()).isEqualTo("TARGET_TABLE_MISSING");
        target.execute("INSERT INTO price VALUES (1, 'foreign')");
        Reply filled = migration.add("public.price");
        assertThat(filled.status()).isEqualTo(409);
        assertThat(filled.code()).isEqualTo("TARGET_TABLE_NOT_EMPTY");
        target.execute("TRUNCATE price");

        migration.expect202(migration.add("public.price"));
        migration.awaitState("ready_to_cutover");
        source.execute("UPDATE price SET what = 'changed'");
        migration.cutOver(false);

        for (String table : List.of("label", "price")) {
            String rows = "SELECT * FROM " + table + " ORDER BY 1";
            assertThat(target.query(rows)).isNotEmpty().isEqualTo(source.query(rows));
        }
        assertThat(target.number("SELECT count(*) FROM entry")).isZero();
        Reply late = migration.reload("public.label");
        assertThat(late.status()).isEqualTo(409);
        assertThat(late.code()).isEqualTo("STATE_CONFLICT");
    }

    @Test
    void mendsATableThatTheTargetHasLostRowsOf() {
        Database source = Shop.fill(Shop.create(harness.database(15, "mended_source")), 500);
        Database target = Shop.create(harness.database(18, "mended_target"));
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        target.execute("DELETE FROM label");
        source.execute("UPDATE label SET words = 'changed'", "UPDATE price SET what = 'too'");
        assertThat(migration.awaitState("failed").failureCode()).isEqualTo("ROW_MISSING");

        migration.expect202(migration.reload("public.label"));
        migration.awaitState("ready_to_cutover");

        target.execute("UPDATE price SET what = 'by somebody else' WHERE amount < 9");
        migration.expect202(migration.startCutover(false));
        migration.applyAccepted();
        assertThat(migration.awaitState("failed").failureCode()).isEqualTo("ROWS_DIFFER");

        migration.expect202(migration.reload("public.price"));
        migration.await(
                "the load", status -> status.json().path("initializationCompleted").asBoolean());
        migration.cutOver();
        MigrationHarness.requireEqual(source, target);
    }

    private static void awaitNote(RunningMigration migration, String part) {
        migration.await(
                "a note", status -> status.notes().stream().anyMatch(note -> note.contains(part)));
    }

    private static void refused(Reply reply, String table) {
        assertThat(reply.status()).isEqualTo(409);
        assertThat(reply.code()).isEqualTo("SCHEMA_CHANGED");
        assertThat(reply.remedy()).contains("godwit reload '");
        assertThat(reply.body().path("what").asText()).contains(table);
    }

    private static void invalid(Reply reply, String what, String remedy) {
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.code()).isEqualTo("REQUEST_INVALID");
        assertThat(reply.body().path("what").asText()).contains(what);
        assertThat(reply.remedy()).contains(remedy);
    }
}
