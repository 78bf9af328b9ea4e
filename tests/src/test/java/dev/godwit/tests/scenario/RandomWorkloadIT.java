// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.compare.Catalog;
import dev.godwit.tests.compare.Comparison;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationRequest;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.VersionPair;
import dev.godwit.tests.workload.Writer;
import dev.godwit.tests.workload.random.Alterations;
import dev.godwit.tests.workload.random.RandomSchema;
import dev.godwit.tests.workload.random.RandomWorkload;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Invariants 1 and 9 for schemas and transactions that nobody has thought of: all types, keys and
 * shapes of table, drawn from a seed. {@code -Dgodwit.seed} repeats one; the long form takes seed
 * after seed, and so pair after pair of versions, for {@code -Dgodwit.minutes}.
 */
@MigrationTest
class RandomWorkloadIT {
    private static final int SESSIONS = 4;
    private static final int PER_SECOND = 120;
    private static final int TRANSACTIONS = MigrationHarness.SOAK ? 2_500 : 700;
    private static final int ALTERATIONS = 4;
    private static final String SEQUENCES =
            "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2";
    private static final Duration LONG = Duration.ofMinutes(Long.getLong("godwit.minutes", 30));

    private final MigrationHarness harness;
    private long committed;
    private long stops;

    RandomWorkloadIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void arrivesEqual() {
        long seed = MigrationHarness.seed("random workload");
        long end = System.nanoTime() + (MigrationHarness.SOAK ? LONG.toNanos() : 0);
        int seeds = 0;
        do {
            Scenario.of(seed + seeds).named(this::migrate);
            seeds++;
        } while (System.nanoTime() < end);
        MigrationHarness.say(
                "%d seeds, %d transactions, %d stops at a changed schema, no difference",
                seeds, committed, stops);
    }

    /** What else the seed decides. */
    private record Scenario(
            long seed, VersionPair versions, boolean superuser, int lanes, int loadWorkers) {
        static Scenario of(long seed) {
            var random = new SplittableRandom(seed * 31);
            return new Scenario(
                    seed,
                    VersionPair.ALL.get(Math.floorMod(seed, VersionPair.ALL.size())),
                    random.nextInt(3) == 0,
                    random.nextInt(1, 5),
                    random.nextInt(1, 4));
        }

        interface Body {
            void run(Scenario scenario);
        }

        void named(Body body) {
            MigrationHarness.say("%s", this);
            try {
                body.run(this);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(this + ": " + e.getMessage(), e);
            }
        }
    }

    private void migrate(Scenario scenario) {
        // Given
        int from = scenario.versions().source();
        Database source = harness.database(from, "random_source");
        Database target = harness.database(scenario.versions().target(), "random_target");
        RandomSchema schema = RandomSchema.of(scenario.seed(), from);
        schema.create(source, target);
        SchemaChanger.prepare(source, target);
        var workload = new RandomWorkload(schema, scenario.seed(), from);
        workload.fill(source, 40);
        List<String> before = unaltered(target);

        // When
        try (Writer writer =
                Writer.start(source, workload, scenario.seed(), SESSIONS, PER_SECOND)) {
            RunningMigration migration =
                    harness.start(request(scenario, source, target), source.name());
            migration.await("transactions", status -> writer.committed() >= TRANSACTIONS / 2);
            migration.awaitState("syncing", "ready_to_cutover");
            SchemaChanger changer = new SchemaChanger(migration, source, target);
            Alterations alterations = new Alterations(schema, scenario.seed(), from);
            for (int i = 0; i < ALTERATIONS; i++) {
                changer.change(alterations.next());
            }
            stops += changer.stops();
            migration.await("transactions", status -> writer.committed() >= TRANSACTIONS);
            // A search for each row of a table without a key is slower than the sessions are.
            writer.pause();
            migration.awaitState("ready_to_cutover");
            migration.awaitNothingPending();
            workload.endWithTheirSessions();
            writer.resume();
            DatabaseStatus end = migration.cutOver(true);

            // Then
            assertThat(writer.fenced()).isTrue();
            committed += writer.committed();
            MigrationHarness.say(
                    "seed %d: %s, %d rows at the end, %d changes, %s; %s",
                    scenario.seed(),
                    schema,
                    Comparison.rows(source),
                    end.applied(),
                    writer,
                    workload);
            assertThat(end.applied()).isEqualTo(end.incoming()).isPositive();
        }
        MigrationHarness.requireEqual(source, target);
        assertThat(unaltered(target)).isEqualTo(before);
        assertThat(target.query(SEQUENCES)).isEqualTo(source.query(SEQUENCES));
    }

    /** The catalog but for the columns that alterations have added. */
    private static List<String> unaltered(Database target) {
        return Catalog.of(target).stream().filter(line -> !line.contains("|added ")).toList();
    }

    private MigrationRequest request(Scenario scenario, Database source, Database target) {
        return (scenario.superuser()
                        ? harness.requestAsSuperuser(source, target)
                        : harness.request(source, target))
                .setting("lanes", scenario.lanes())
                .setting("loadWorkers", scenario.loadWorkers());
    }
}
