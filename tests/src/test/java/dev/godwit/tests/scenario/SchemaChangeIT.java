// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.GodwitApi.Reply;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Shop;
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
    void stopsAtADroppedAndARenamedColumn() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");

        source.execute(
                "ALTER TABLE scratch RENAME COLUMN what TO which",
                "INSERT INTO scratch VALUES (1, 'renamed')");
        DatabaseStatus renamed = migration.awaitState("failed");
        assertThat(renamed.failureCode()).isEqualTo("SCHEMA_CHANGED");
        assertThat(renamed.failureWhat()).contains("which");
        target.execute("ALTER TABLE scratch RENAME COLUMN what TO which");
        migration.expect202(migration.retry());
        migration.awaitState("ready_to_cutover");
        migration.awaitNothingPending();

        source.execute(
                "ALTER TABLE document DROP COLUMN scan", "UPDATE document SET title = 'shorter'");
        migration.awaitState("failed");
        target.execute("ALTER TABLE document DROP COLUMN scan");
        migration.expect202(migration.retry());
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
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
    void refusesTheCutoverWhileATableOrAPartitionIsNew() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute(
                "CREATE TABLE newcomer (id int PRIMARY KEY)", "INSERT INTO newcomer VALUES (1)");

        migration.await(
                "the operator hears of it",
                status -> status.notes().stream().anyMatch(note -> note.contains("newcomer")));
        refused(migration.startCutover(false), "newcomer", "DROP TABLE \"public\".\"newcomer\"");
        source.execute("DROP TABLE newcomer");

        migration.expect202(migration.startCutover(false));
        source.execute("CREATE TABLE booking_late PARTITION OF booking DEFAULT");
        migration.awaitNothingPending();
        refused(migration.apply(), "booking_late", "public.booking");
        source.execute("DROP TABLE booking_late");
        migration.cutOver();
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

    private static void refused(Reply reply, String... said) {
        assertThat(reply.status()).isEqualTo(409);
        assertThat(reply.code()).isEqualTo("SCHEMA_CHANGED");
        assertThat(reply.body().path("what").asText() + " " + reply.body().path("remedy").asText())
                .contains(said);
    }
}
