// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.topic.Topics;
import dev.godwit.tests.compare.Catalog;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.HeldLock;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.workload.Shop;
import dev.godwit.tests.workload.Writer;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Invariants 8 and 9: whatever the end, the source keeps nothing of ours and the target's schema is
 * as it was.
 */
@MigrationTest
class ReleaseIT {
    private final MigrationHarness harness;
    private final Database source;
    private final Database target;
    private List<String> sourceBefore = List.of();
    private List<String> targetBefore = List.of();

    ReleaseIT(MigrationHarness harness) {
        this.harness = harness;
        source = harness.database(15, "release_source");
        target = harness.database(18, "release_target");
    }

    @BeforeEach
    void fill() {
        Shop.fill(Shop.create(source), 5_000);
        Shop.create(target);
        sourceBefore = Catalog.of(source);
        targetBefore = Catalog.of(target);
    }

    @Test
    void ofAMigrationCancelledInTheLoad() throws Exception {
        try (HeldLock lock = HeldLock.of(target, "LOCK TABLE scratch IN EXCLUSIVE MODE")) {
            RunningMigration migration = harness.migrate(source, target);
            migration.awaitState("loading");
            lock.commit();
            migration.cancelled();
            requireNothingLeft(migration);
        }
    }

    @Test
    void ofAMigrationCancelledInTheSync() throws Exception {
        try (Writer writer =
                Writer.start(source, MigrationHarness.seeded("cancel").nextLong(), 2, 100)) {
            RunningMigration migration = harness.migrate(source, target);
            migration.awaitState("ready_to_cutover");
            requireLittleOnTheSource(migration);
            migration.cancelled();
            requireNothingLeft(migration);
            assertThat(writer.committed()).isPositive();
        }
    }

    @Test
    void ofAMigrationCancelledInTheCutoverBehindTheFence() throws Exception {
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        migration.expect202(migration.startCutover(true));
        migration.await("the fence", DatabaseStatus::fenced);
        assertThat(source.value("SHOW default_transaction_read_only")).isEqualTo("on");

        migration.cancelled();

        requireNothingLeft(migration);
        assertThat(source.value("SHOW default_transaction_read_only")).isEqualTo("off");
    }

    @Test
    void andAFreshMigrationOfTheSameDatabasesThenWorks() throws Exception {
        RunningMigration first = harness.migrate(source, target);
        first.awaitState("ready_to_cutover");
        first.cancelled();
        target.execute(
                "TRUNCATE account, entry, label, reading, price, loose, seat, document, scratch, booking");

        RunningMigration second = harness.migrate(source, target);
        second.cutOver(false);

        MigrationHarness.requireEqual(source, target);
        requireNothingLeft(second);
    }

    private void requireLittleOnTheSource(RunningMigration migration) {
        List<String> added = Catalog.of(source);
        added.removeAll(sourceBefore);
        String name = "godwit_" + migration.databaseId();
        assertThat(added).containsExactly("publication|" + name, "slot|" + name + "|logical");
    }

    private void requireNothingLeft(RunningMigration migration) throws Exception {
        assertThat(Catalog.of(source)).isEqualTo(sourceBefore);
        assertThat(Catalog.of(target)).isEqualTo(targetBefore);
        assertThat(
                        source.query(
                                "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'godwit%'"
                                        + " AND datname = current_database()"))
                .isEmpty();
        List<String> topics = Topics.of(migration.databaseId());
        try (Admin admin = harness.broker().settings().admin()) {
            org.awaitility.Awaitility.await("its topics are gone")
                    .until(() -> {
                        Set<String> names = admin.listTopics().names().get();
                        return topics.stream().noneMatch(names::contains);
                    });
        }
    }
}
