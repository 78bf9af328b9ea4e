// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.server.TargetServer;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random changes of hard tables, applied by workers that die again and again before and after their
 * commits: rows and counters must be those of a model that did each change once.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SyncSimulationTest {
    private TargetServer oldest;
    private TargetServer newest;

    @BeforeAll
    void start() throws IOException {
        oldest = TargetServer.start(13);
        newest = TargetServer.start(18);
    }

    @AfterAll
    void stop() throws IOException {
        oldest.close();
        newest.close();
    }

    @ParameterizedTest
    @CsvSource({"13, 1, 1", "18, 2, 2", "18, 3, 3", "13, 4, 2"})
    void endsWithTheRowsAndCountersOfTheModel(int version, long seed, int lanes)
            throws SQLException {
        // Given
        var log = new ChangesLog();
        var model = new ShopModel(seed, log);
        model.write(3000);
        try (var target = new SyncTarget((version == 13 ? oldest : newest).newDatabase())) {
            target.run(ShopModel.tables());
            for (String table : List.of("spread", "uniq", "numb", "bag")) {
                target.loaded(table, 0);
            }

            // When
            var random = new Random(seed);
            for (int life = 0; life < 8; life++) {
                dieAfter(1 + random.nextInt(12), target, log, random, lanes);
            }
            RunningSync last = target.start(log, small(random, lanes)).awaitOffset(log.end());

            // Then
            for (var table : model.expected().entrySet()) {
                assertThat(
                                target
                                        .query("SELECT t::text FROM " + table.getKey() + " AS t")
                                        .stream()
                                        .sorted())
                        .as("seed %d: %s", seed, table.getKey())
                        .isEqualTo(table.getValue());
            }
            assertThat(last.worker().progress().applied())
                    .as("seed %d", seed)
                    .isEqualTo(model.counters());
        }
    }

    /** Lives until the n-th time that a transaction is about to commit or has committed. */
    private static void dieAfter(
            int reaches, SyncTarget target, ChangesLog log, Random random, int lanes)
            throws SQLException {
        var left = new AtomicInteger(reaches);
        CrashPoint at =
                random.nextBoolean()
                        ? CrashPoint.BEFORE_CHANGES_COMMIT
                        : CrashPoint.AFTER_CHANGES_COMMIT;
        CrashPoints crash =
                point -> {
                    if (point == at && left.decrementAndGet() <= 0) {
                        throw new IllegalStateException("killed");
                    }
                };
        try (RunningSync life =
                target.start(log, small(random, lanes), DesiredMarkers.NONE, crash)) {
            Awaitility.await()
                    .until(() ->
                            life.worker().failure().isPresent()
                                    || life.worker().durableOffset().orElse(0) == log.end());
        }
    }

    private static SyncSettings small(Random random, int lanes) {
        SyncSettings base = SyncTarget.settings(lanes);
        return new SyncSettings(
                lanes,
                5 + random.nextInt(200),
                base.batchBytes(),
                base.bufferBytes(),
                base.durableEvery(),
                base.gatePatience());
    }
}
