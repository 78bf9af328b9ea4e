// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.GodwitApi.Reply;
import dev.godwit.tests.harness.HeldLock;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Shop;
import dev.godwit.tests.workload.Writer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Invariant 6: Apply cannot succeed while a committed change of the source is unapplied. */
@MigrationTest
class GateIT {
    private static final String TABLES =
            "account, entry, label, reading, price, loose, seat, document, scratch";

    private final MigrationHarness harness;
    private final Database source;
    private final Database target;

    GateIT(MigrationHarness harness) {
        this.harness = harness;
        source = harness.database(15, "gate_source");
        target = harness.database(18, "gate_target");
    }

    @BeforeEach
    void fill() {
        Shop.fill(Shop.create(source), 500);
        Shop.create(target);
    }

    @Test
    void asksForTheCutoverFirstAndForAConfirmation() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        migration.expect409("CUTOVER_NOT_READY");

        migration.expect202(migration.startCutover(false));
        Reply unconfirmed = migration.applyUnconfirmed();

        assertThat(unconfirmed.status()).isEqualTo(400);
        assertThat(unconfirmed.code()).isEqualTo("CONFIRM_MISSING");
        migration.cutOver();
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void refusesWhileAWriteBetweenPendingZeroAndApplyIsNotApplied() {
        // Given
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        migration.expect202(migration.startCutover(false));
        migration.awaitNothingPending();

        // When
        try (HeldLock lock = HeldLock.of(target, "LOCK TABLE label IN EXCLUSIVE MODE")) {
            source.execute(
                    "INSERT INTO label VALUES ('slipped in', 'between pending 0 and Apply')");
            migration.expect409("CHANGES_PENDING");
        }

        // Then
        assertThat(migration.status().state()).isEqualTo("cutting_over");
        migration.cutOver();
        MigrationHarness.requireEqual(source, target);
        assertThat(target.value("SELECT count(*) FROM label WHERE code = 'slipped in'"))
                .isEqualTo("1");
    }

    @Test
    void refusesWhileTheApplicationWritesOn() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        migration.expect202(migration.startCutover(false));
        try (Writer writer =
                Writer.start(source, MigrationHarness.seeded("gate").nextLong(), 4, 300)) {
            migration.await("the writer writes", status -> writer.committed() > 100);
            migration.expect409("CHANGES_PENDING");
        }
        migration.cutOver();
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void reopensWhenAWriteSlipsInBetweenTheGateAndTheSlotsDrop() {
        // Given
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        migration.expect202(migration.startCutover(false));
        migration.awaitNothingPending();

        // When: what apply restores waits for this lock, so the gate is behind us and the end is
        // not reached.
        try (HeldLock lock =
                HeldLock.of(target, "LOCK TABLE " + TABLES + " IN ROW EXCLUSIVE MODE")) {
            migration.expect202(migration.apply());
            source.execute(
                    "UPDATE label SET words = 'slipped in behind the gate' WHERE code = 'code 7'");
        }

        // Then
        DatabaseStatus reopened =
                migration.await("it reopens", status -> !status.reopened().isEmpty());
        assertThat(reopened.state()).isEqualTo("cutting_over");
        migration.cutOver();
        MigrationHarness.requireEqual(source, target);
        assertThat(target.value("SELECT words FROM label WHERE code = 'code 7'"))
                .isEqualTo("slipped in behind the gate");
    }

    @Test
    void comparesAnewBehindEveryGate() {
        // Given: the comparison behind a first gate, held up
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        migration.expect202(migration.startCutover(false));
        migration.awaitNothingPending();
        try (HeldLock lock = HeldLock.of(source, "LOCK TABLE label IN ACCESS EXCLUSIVE MODE")) {
            migration.applyAccepted();
            migration.await(
                    "a comparison that waits",
                    status ->
                            source.number(
                                            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'godwit%compare%' AND wait_event_type = 'Lock'")
                                    > 0);

            // When: behind a second gate there is a row that the first comparison has not seen
            source.execute("UPDATE price SET what = 'slipped in behind the gate'");
            migration.await("it reopens", status -> !status.reopened().isEmpty());
            migration.awaitNothingPending();
            target.execute("INSERT INTO scratch VALUES (1, 'not from the source')");
            migration.applyAccepted();
        }

        // Then
        assertThat(migration.awaitState("failed").failureCode()).isEqualTo("ROWS_DIFFER");
        target.execute("DELETE FROM scratch WHERE id = 1");
        migration.expect202(migration.retry());
        migration.awaitState("completed");
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void saysWhatKeepsItFromComparingAndGoesOnWithoutATableThatIsGone() {
        // Given: a comparison that waits for a table
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        migration.expect202(migration.startCutover(false));
        String waiting =
                "FROM pg_stat_activity WHERE application_name LIKE 'godwit%compare%' AND wait_event_type = 'Lock'";
        try (HeldLock lock = HeldLock.of(source, "LOCK TABLE label IN ACCESS EXCLUSIVE MODE")) {
            migration.applyAccepted();
            migration.await(
                    "a comparison that waits",
                    status -> source.number("SELECT count(*) " + waiting) > 0);

            // When
            source.query("SELECT pg_terminate_backend(pid) " + waiting);
            migration.await(
                    "a note",
                    status ->
                            status.notes().stream()
                                    .anyMatch(note -> note.startsWith("Tried again: the source ")));
            lock.execute("DROP TABLE label");
            lock.commit();
        }

        // Then
        DatabaseStatus failed = migration.awaitState("failed");
        assertThat(failed.failureCode()).isEqualTo("COMPARISON_REFUSED");
        assertThat(failed.failureWhat()).startsWith("the source ").contains("label");
        migration.expect202(migration.reload("public.label"));
        migration.await(
                "the load", status -> status.json().path("initializationCompleted").asBoolean());
        assertThat(migration.cutOver().notes()).noneMatch(note -> note.startsWith("Tried again"));
        target.execute("DROP TABLE label");
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void refusesWhileAPreparedTransactionWaits() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        try (HeldLock transaction =
                HeldLock.of(source, "INSERT INTO scratch VALUES (7, 'prepared')")) {
            transaction.execute("PREPARE TRANSACTION 'order 7'");
        }
        migration.expect202(migration.startCutover(false));
        migration.awaitNothingPending();

        Reply refused = migration.expect409("PREPARED_TRANSACTION");
        assertThat(refused.body().path("what").asText())
                .isEqualTo("prepared on the source and not ended: order 7");

        source.execute("COMMIT PREPARED 'order 7'");
        migration.cutOver();
        MigrationHarness.requireEqual(source, target);
        assertThat(target.value("SELECT what FROM scratch WHERE id = 7")).isEqualTo("prepared");
    }

    @Test
    void findsARowThatSomebodyElseWroteToTheTarget() {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        target.execute("INSERT INTO scratch VALUES (1, 'not from the source')");
        migration.expect202(migration.startCutover(false));
        migration.awaitNothingPending();

        migration.expect202(migration.apply());

        DatabaseStatus failed = migration.awaitState("failed");
        assertThat(failed.failureCode()).isEqualTo("ROWS_DIFFER");
        target.execute("DELETE FROM scratch WHERE id = 1");
        migration.expect202(migration.retry());
        migration.awaitState("completed");
        MigrationHarness.requireEqual(source, target);
    }
}
