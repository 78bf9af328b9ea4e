// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.compare.Catalog;
import dev.godwit.tests.compare.Comparison;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.VersionPair;
import dev.godwit.tests.workload.Shop;
import dev.godwit.tests.workload.Writer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Invariants 1, 8 and 9: a live database arrives equal, and both sides look as they did before. */
@MigrationTest
class LiveMigrationIT {
    private static final int ROWS = MigrationHarness.SOAK ? 1_100_000 : 20_000;
    private static final int PER_SECOND = 250;

    /** How much of the writer's work the sync sees before the cutover. */
    private static final int TRANSACTIONS_IN_THE_SYNC = MigrationHarness.SOAK ? 15_000 : 0;

    private final MigrationHarness harness;

    LiveMigrationIT(MigrationHarness harness) {
        this.harness = harness;
    }

    static List<VersionPair> versions() {
        var pairs =
                new ArrayList<>(
                        List.of(
                                new VersionPair(10, 10),
                                new VersionPair(12, 18),
                                new VersionPair(13, 18),
                                new VersionPair(15, 18),
                                new VersionPair(15, 15),
                                new VersionPair(18, 18)));
        if (MigrationHarness.SOAK) {
            pairs.addAll(
                    List.of(
                            new VersionPair(10, 15),
                            new VersionPair(13, 13),
                            new VersionPair(13, 17)));
        }
        return pairs;
    }

    @ParameterizedTest
    @MethodSource("versions")
    void arrivesEqualUnderAWriter(VersionPair pair) {
        // Given
        int from = pair.source();
        int to = pair.target();
        Database source = harness.database(from, "live_source");
        Database target = harness.database(to, "live_target");
        Shop.fill(Shop.create(source), ROWS);
        Shop.create(target);
        List<String> sourceBefore = Catalog.of(source);
        List<String> targetBefore = Catalog.of(target);
        long seed = MigrationHarness.seeded("live migration").nextLong();

        // When
        try (Writer writer = Writer.start(source, seed, 4, PER_SECOND)) {
            RunningMigration migration = harness.migrate(source, target);
            migration.awaitState("ready_to_cutover");
            long wanted = writer.committed() + TRANSACTIONS_IN_THE_SYNC;
            migration.await("the sync", status -> writer.committed() >= wanted);
            DatabaseStatus end = migration.cutOver(true);

            // Then
            assertThat(writer.fenced()).isTrue();
            MigrationHarness.say(
                    "%d to %d: %d rows, %s; outage %d ms, load %d ms, %d changes",
                    from,
                    to,
                    Comparison.rows(source),
                    writer,
                    end.report().path("outageMillis").asLong(),
                    end.report().path("loadMillis").asLong(),
                    end.applied());
            assertThat(writer.committed()).isPositive();
            assertThat(end.applied()).isEqualTo(end.incoming()).isPositive();
            assertThat(end.report().path("rows").asLong()).isEqualTo(Comparison.rows(source));
        }
        MigrationHarness.requireEqual(source, target);
        assertThat(Catalog.of(target)).isEqualTo(targetBefore);
        requireOnlyTheFenceIsLeft(source, sourceBefore);
        assertThat(
                        target.query(
                                "(SELECT account, sum(amount) FROM entry GROUP BY 1) EXCEPT SELECT * FROM totals"))
                .isEmpty();
        requireSequencesGoOn(source, target);
    }

    @Test
    void arrivesEqualWhenTheRoleIsASuperuserAndLanesAreMany() {
        Database source = harness.database(15, "super_source");
        Database target = harness.database(18, "super_target");
        Shop.fill(Shop.create(source), ROWS / 4);
        Shop.create(target);
        List<String> targetBefore = Catalog.of(target);
        long seed = MigrationHarness.seeded("superuser").nextLong();

        try (Writer writer = Writer.start(source, seed, 4, PER_SECOND)) {
            RunningMigration migration =
                    harness.start(
                            harness.requestAsSuperuser(source, target)
                                    .setting("lanes", 5)
                                    .setting("loadWorkers", 1),
                            source.name());
            migration.cutOver(true);
            assertThat(writer.fenced()).isTrue();
        }
        MigrationHarness.requireEqual(source, target);
        assertThat(Catalog.of(target)).isEqualTo(targetBefore);
    }

    @Test
    void carriesTwoDatabasesOfOneServerEachWithItsOwnCutover() {
        Database first = harness.database(15, "two_first");
        Database second = harness.database(15, "two_second");
        Database firstTarget = harness.database(18, "two_first_target");
        Database secondTarget = harness.database(18, "two_second_target");
        for (Database database : List.of(first, second)) {
            Shop.fill(Shop.create(database), 1_000);
        }
        for (Database database : List.of(firstTarget, secondTarget)) {
            Shop.create(database);
        }
        RunningMigration one =
                harness.start(
                        harness.request(first, firstTarget).and(second.name(), secondTarget.name()),
                        first.name());
        RunningMigration two = one.sibling(second.name());

        one.cutOver(false);
        MigrationHarness.requireEqual(first, firstTarget);

        second.execute("UPDATE account SET note = 'after the first cutover'");
        two.awaitState("ready_to_cutover");
        two.cutOver(false);
        MigrationHarness.requireEqual(second, secondTarget);
    }

    private static void requireOnlyTheFenceIsLeft(Database source, List<String> before) {
        assertThat(Catalog.of(source).stream().filter(line -> !line.contains("read_only")).toList())
                .isEqualTo(before);
        assertThat(
                        source.query(
                                "SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'godwit%'"))
                .isEmpty();
    }

    private static void requireSequencesGoOn(Database source, Database target) {
        String positions =
                "SELECT schemaname, sequencename, last_value, increment_by FROM pg_sequences ORDER BY 1, 2";
        assertThat(target.query(positions)).isEqualTo(source.query(positions));
        target.execute(
                "INSERT INTO account (owner) VALUES ('first of the target')",
                "INSERT INTO entry (account, amount) SELECT max(id), 1 FROM account");
    }
}
