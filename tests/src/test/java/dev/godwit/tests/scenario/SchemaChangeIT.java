// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.GodwitApi.Reply;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.workload.Shop;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A schema change of the source during the sync stops with the difference, and is never misapplied.
 */
@MigrationTest
class SchemaChangeIT {
    private final MigrationHarness harness;
    private final Database source;
    private final Database target;

    SchemaChangeIT(MigrationHarness harness) {
        this.harness = harness;
        source = harness.database(15, "drift_source");
        target = harness.database(18, "drift_target");
    }

    @BeforeEach
    void fill() {
        Shop.fill(Shop.create(source), 500);
        Shop.create(target);
    }

    @Test
    void stopsAtAnAddedColumnAndGoesOnAfterRetry() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute("UPDATE label SET words = 'before' WHERE code = 'code 1'");
        migration.awaitNothingPending();

        source.execute(
                "ALTER TABLE label ADD COLUMN colour text",
                "INSERT INTO label VALUES ('new shape', 'words', 'blue')",
                "UPDATE label SET colour = 'red' WHERE code = 'code 2'");

        DatabaseStatus failed = migration.awaitState("failed");
        assertThat(failed.failureCode()).isEqualTo("SCHEMA_CHANGED");
        assertThat(failed.failureWhat()).contains("colour").contains("label");
        assertThat(target.value("SELECT count(*) FROM label WHERE code = 'new shape'"))
                .isEqualTo("0");

        target.execute("ALTER TABLE label ADD COLUMN colour text");
        migration.expect202(migration.retry());
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void stopsAtARenamedADroppedAndARetypedColumn() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        source.execute(
                "ALTER TABLE scratch RENAME COLUMN what TO which",
                "INSERT INTO scratch VALUES (1, 'renamed')");
        stopsUntilTheTargetHasIt(
                migration,
                "column what is gone and which is missing on the target",
                "ALTER TABLE \"public\".\"scratch\" RENAME COLUMN \"what\" TO \"which\"");

        source.execute(
                "ALTER TABLE document DROP COLUMN scan", "UPDATE document SET title = 'shorter'");
        stopsUntilTheTargetHasIt(
                migration,
                "column scan is gone",
                "ALTER TABLE \"public\".\"document\" DROP COLUMN \"scan\"");

        source.execute(
                "ALTER TABLE label ALTER words TYPE varchar(40)",
                "INSERT INTO label VALUES ('of the new type', 'words')");
        stopsUntilTheTargetHasIt(
                migration,
                "column words is now of type character varying(40), on the target it is text",
                "ALTER TABLE \"public\".\"label\" ALTER COLUMN \"words\" TYPE character varying(40)");

        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    private void stopsUntilTheTargetHasIt(
            RunningMigration migration, String difference, String statement) {
        DatabaseStatus stopped = migration.awaitState("failed");
        assertThat(stopped.failureCode()).isEqualTo("SCHEMA_CHANGED");
        assertThat(stopped.failureWhat()).endsWith(": " + difference);
        assertThat(stopped.failureRemedy())
                .isEqualTo("Run on the target: %s; then retry.".formatted(statement));
        stopsAgain(migration, stopped);
        goesOnBehind(migration, statement);
    }

    /** Retry while nothing is mended changes nothing. */
    private static void stopsAgain(RunningMigration migration, DatabaseStatus stopped) {
        migration.expect202(migration.retry());
        DatabaseStatus again = migration.awaitState("failed");
        assertThat(again.failureWhat()).isEqualTo(stopped.failureWhat());
        assertThat(again.applied()).isEqualTo(stopped.applied()).isLessThan(again.incoming());
    }

    private void goesOnBehind(RunningMigration migration, String statement) {
        target.executeAs(Roles.MIGRATOR, statement);
        migration.expect202(migration.retry());
        migration.awaitState("ready_to_cutover");
        migration.awaitNothingPending();
    }

    @Test
    void stopsAtAValueThatTheTypeOfTheTargetDoesNotHave() {
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TYPE size AS (wide int, high int)",
                    "CREATE TABLE box (id int PRIMARY KEY, inside size, others size[])");
        }
        source.execute(
                "INSERT INTO box VALUES (1, '(1,2)', ARRAY['(3,4)'::size]), (2, NULL, NULL)");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        source.execute(
                "ALTER TYPE mood ADD VALUE 'giddy'",
                "UPDATE account SET mood = 'giddy' WHERE id = 2");
        DatabaseStatus stopped = migration.awaitState("failed");
        refusedByTheType(stopped, "public.account", "mood of type public.mood");
        assertThat(stopped.toString()).doesNotContain("giddy");
        stopsAgain(migration, stopped);
        goesOnBehind(migration, "ALTER TYPE mood ADD VALUE 'giddy'");

        source.execute(
                "ALTER TYPE size ADD ATTRIBUTE deep int",
                "UPDATE box SET inside.deep = 3 WHERE id = 2",
                "INSERT INTO box VALUES (3, '(4,5,6)', ARRAY['(7,8,9)'::size])");
        refusedByTheType(
                migration.awaitState("failed"),
                "public.box",
                "inside of type public.size, others of type public.size[]");
        goesOnBehind(migration, "ALTER TYPE size ADD ATTRIBUTE deep int");

        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    private static void refusedByTheType(DatabaseStatus stopped, String table, String columns) {
        assertThat(stopped.failureCode()).isEqualTo("CHANGE_REFUSED");
        assertThat(stopped.failureWhat()).contains(table, "22P02");
        assertThat(stopped.failureRemedy())
                .contains("make the same change on the target (ALTER TYPE ... ADD VALUE", columns);
    }

    @Test
    void stopsAtAChangeThatTheTargetRefusesAndSkipsNothing() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        target.execute("ALTER TABLE scratch ADD CONSTRAINT only_here CHECK (what <> 'forbidden')");

        source.transact(
                "INSERT INTO scratch VALUES (1, 'allowed')",
                "INSERT INTO scratch VALUES (2, 'forbidden')",
                "INSERT INTO scratch VALUES (3, 'behind')");

        DatabaseStatus failed = migration.awaitState("failed");
        assertThat(failed.failureCode()).isEqualTo("CHANGE_REFUSED");
        assertThat(failed.failureWhat()).contains("scratch").contains("23514");
        assertThat(failed.failureWhat()).doesNotContain("forbidden");
        target.execute("ALTER TABLE scratch DROP CONSTRAINT only_here");
        migration.expect202(migration.retry());
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void stopsAtARowThatIsMissingOnTheTarget() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        target.execute("DELETE FROM label WHERE code = 'code 3'");

        source.execute("UPDATE label SET words = 'changed' WHERE code = 'code 3'");

        DatabaseStatus failed = migration.awaitState("failed");
        assertThat(failed.failureCode()).isEqualTo("ROW_MISSING");
        target.execute("INSERT INTO label VALUES ('code 3', 'Wörter 3')");
        migration.expect202(migration.retry());
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void refusesTheCutoverWhileATableIsNewOrHasAnotherName() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute(
                "CREATE TABLE newcomer (id int PRIMARY KEY)",
                "INSERT INTO newcomer VALUES (1)",
                "ALTER TABLE price RENAME TO price_of_old",
                "UPDATE price_of_old SET what = 'travels on' WHERE amount < 50");

        migration.await(
                "the operator hears of both",
                status -> noted(status, "newcomer") && noted(status, "price_of_old"));
        refusedWhenReady(migration, "newcomer", "DROP TABLE \"public\".\"newcomer\"");
        source.execute("DROP TABLE newcomer");
        refusedWhenReady(
                migration,
                "public.price_of_old of the source seems to be public.price under another name",
                "ALTER TABLE \"public\".\"price_of_old\" RENAME TO \"price\";");
        migration.awaitNothingPending();
        assertThat(target.number("SELECT count(*) FROM price WHERE what = 'travels on'"))
                .isEqualTo(49);
        source.execute(
                "ALTER TABLE price_of_old RENAME TO price", "DELETE FROM price WHERE amount < 3");

        migration.expect202(migration.startCutover(false));
        source.execute("CREATE TABLE booking_late PARTITION OF booking DEFAULT");
        migration.awaitNothingPending();
        refused(migration.apply(), "booking_late", "public.booking");
        source.execute("DROP TABLE booking_late");
        migration.cutOver();
        MigrationHarness.requireEqual(source, target);
    }

    private static boolean noted(DatabaseStatus status, String word) {
        return status.notes().stream().anyMatch(note -> note.contains(word));
    }

    @Test
    void followsAReplicaIdentityAndRefusesTheCutoverWithoutOne() {
        source.execute(
                "ALTER TABLE price ALTER what SET NOT NULL",
                "CREATE UNIQUE INDEX price_what ON price (what)");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        source.execute(
                "ALTER TABLE price REPLICA IDENTITY FULL",
                "UPDATE price SET amount = amount + 1000 WHERE amount < 20",
                "DELETE FROM price WHERE amount BETWEEN 100 AND 110",
                "ALTER TABLE price REPLICA IDENTITY USING INDEX price_what",
                "UPDATE price SET amount = -amount WHERE amount < 60",
                "UPDATE price SET what = what || '!' WHERE amount BETWEEN -40 AND -20",
                "DELETE FROM price WHERE amount BETWEEN 120 AND 130",
                "ALTER TABLE price REPLICA IDENTITY NOTHING",
                "INSERT INTO price VALUES (5000, 'without identity')",
                "ALTER TABLE scratch DROP CONSTRAINT scratch_pkey",
                "INSERT INTO scratch VALUES (1, 'without key')");
        migration.await(
                "the operator hears of both",
                status ->
                        noted(status, "public.price has REPLICA IDENTITY NOTHING")
                                && noted(status, "public.scratch has no primary key"));

        refusedWhenReady(migration, "public.price has REPLICA IDENTITY NOTHING");
        source.execute(
                "ALTER TABLE price REPLICA IDENTITY DEFAULT",
                "UPDATE price SET amount = amount + 1, what = 'keyed' WHERE amount = 5000");
        refusedWhenReady(migration, "public.scratch has no primary key");
        source.execute(
                "ALTER TABLE scratch ADD PRIMARY KEY (id)",
                "UPDATE scratch SET id = 2, what = 'keyed again'");
        assertThatThrownBy(() -> source.execute("ALTER TABLE scratch SET UNLOGGED"))
                .hasStackTraceContaining("because it is part of a publication");
        target.execute("ALTER TABLE scratch SET UNLOGGED");
        refusedWhenReady(
                migration,
                "target table public.scratch is unlogged",
                "ALTER TABLE \"public\".\"scratch\" SET LOGGED;");
        target.execute("ALTER TABLE scratch SET LOGGED");

        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void refusesTheCutoverForAColumnThatNoRowHasUsed() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute("ALTER TABLE label ADD COLUMN \"Farbe\" varchar(12) DEFAULT 'rot'");

        String statement =
                "ALTER TABLE \"public\".\"label\" ADD COLUMN \"Farbe\" character varying(12)";
        refused(migration.startCutover(false), "Farbe", statement);
        target.execute(statement + " DEFAULT 'rot'");
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    private static void refusedWhenReady(RunningMigration migration, String... said) {
        migration.awaitState("ready_to_cutover");
        refused(migration.startCutover(false), said);
    }

    private static void refused(Reply reply, String... said) {
        assertThat(reply.status()).isEqualTo(409);
        assertThat(reply.code()).isEqualTo("SCHEMA_CHANGED");
        assertThat(reply.body().path("what").asText() + " " + reply.body().path("remedy").asText())
                .contains(said);
    }
}
