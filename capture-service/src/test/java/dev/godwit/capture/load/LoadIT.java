// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.capture.fixture.Broker;
import dev.godwit.capture.fixture.LoadReader;
import dev.godwit.capture.fixture.LoadedMigration;
import dev.godwit.capture.fixture.Postgres;
import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.postgres.TableName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The load by itself: owners that die between two steps, and tables that change under it. */
class LoadIT {
    private static final Duration MOST = Duration.ofSeconds(60);
    private static final TableName ITEM = new TableName("public", "item");
    private static final TableName OTHER = new TableName("public", "other");
    private static final AtomicInteger IDS = new AtomicInteger();

    @TempDir private static Path folder;

    private static Broker broker;
    private static Postgres source;

    private LoadedMigration migration;

    @BeforeAll
    static void start() throws Exception {
        broker = Broker.start(Files.createDirectory(folder.resolve("kafka")));
        source = Postgres.start(15, Files.createDirectory(folder.resolve("postgres")));
        broker.createSharedTopics();
    }

    @AfterAll
    static void stop() {
        source.close();
        broker.close();
    }

    @BeforeEach
    void create() throws Exception {
        migration =
                LoadedMigration.create(
                        source,
                        broker,
                        "load%08d".formatted(IDS.incrementAndGet()),
                        "CREATE TABLE item (id int PRIMARY KEY, v text)",
                        "INSERT INTO item SELECT i, 'v' || i FROM generate_series(1, 1000) i",
                        "CREATE TABLE other (id int PRIMARY KEY)",
                        "INSERT INTO other VALUES (1)");
    }

    @AfterEach
    void release() {
        migration.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = CrashPoint.class,
            names = {
                "AFTER_ASK",
                "AFTER_GRANT",
                "AFTER_SLOT",
                "AFTER_BEGIN",
                "AFTER_PIECE",
                "BEFORE_TABLE_END",
                "AFTER_TABLE_END"
            })
    void goesOnWhereADeadOwnerStopped(CrashPoint point) throws Exception {
        var died = new AtomicBoolean();
        try (ChangeLog log = migration.openLog();
                Load load =
                        load(
                                log,
                                at -> {
                                    if (at == point) {
                                        died.set(true);
                                        throw new IllegalStateException("dies at " + at);
                                    }
                                })) {
            load.start();
            Awaitility.await("death at " + point).atMost(MOST).untilTrue(died);
            Awaitility.await("noticed").atMost(MOST).until(() -> load.failure().isPresent());
        }
        // When
        migration.run("UPDATE item SET v = 'changed' WHERE id = 7");
        try (ChangeLog log = migration.openLog();
                Load load = load(log, CrashPoints.none())) {
            load.start();
            Awaitility.await("the end of the load").atMost(MOST).until(load::finished);
        }
        // Then
        LoadReader read = LoadReader.read(broker.settings(), migration.id());
        assertThat(read.rows(ITEM)).hasSize(1000).contains("1\tv1");
        assertThat(read.rows(OTHER)).containsExactly("1");
        assertThat(
                        migration.ask(
                                "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'godwit_"
                                        + migration.id()
                                        + "%'"))
                .isEqualTo("1");
    }

    @Test
    void loadsATableAgainThatWasRewrittenBehindItsSnapshot() throws Exception {
        var rewritten = new AtomicBoolean();
        try (ChangeLog log = migration.openLog();
                Load load =
                        load(
                                log,
                                at -> {
                                    if (at == CrashPoint.AFTER_BEGIN
                                            && rewritten.compareAndSet(false, true)) {
                                        migration.run(
                                                "ALTER TABLE item ALTER v TYPE varchar USING v || ''");
                                    }
                                })) {
            // When
            load.start();
            Awaitility.await("the end of the load").atMost(MOST).until(load::finished);
            // Then
            LoadReader read = LoadReader.read(broker.settings(), migration.id());
            assertThat(read.rows(ITEM)).hasSize(1000);
            assertThat(read.end(ITEM).getAttempt().getNumber()).isEqualTo(2);
            assertThat(read.rows(OTHER)).containsExactly("1");
            assertThat(read.end(OTHER).getAttempt().getNumber()).isEqualTo(1);
        }
    }

    @Test
    void loadsATableAgainThatWasRewrittenBetweenTwoOfItsChunks() throws Exception {
        var big = new TableName("public", "big");
        migration.run(
                "CREATE TABLE big (id int PRIMARY KEY, v text) WITH (fillfactor = 10)",
                "INSERT INTO big SELECT i, repeat('v', 60) FROM generate_series(1, 50000) i",
                "ANALYZE big");
        var rewriting = new AtomicBoolean();
        try (ChangeLog log = migration.openLog();
                Load load =
                        migration.load(
                                log,
                                Map.of(big, List.of(big)),
                                at -> {
                                    if (at == CrashPoint.AFTER_PIECE
                                            && rewriting.compareAndSet(false, true)) {
                                        // Between two transactions of this worker; the other's
                                        // ends.
                                        migration.run("VACUUM FULL big");
                                    }
                                })) {
            // When
            load.start();
            Awaitility.await("the end of the load").atMost(MOST).until(load::finished);
            // Then
            LoadReader read = LoadReader.read(broker.settings(), migration.id());
            assertThat(read.pieces()).as("chunks").hasSizeGreaterThan(4);
            assertThat(read.rows(big)).hasSize(50_000).doesNotHaveDuplicates();
            assertThat(read.end(big).getAttempt().getNumber()).isEqualTo(2);
        }
    }

    private Load load(ChangeLog log, CrashPoints crashPoints) {
        return migration.load(log, Map.of(ITEM, List.of(ITEM), OTHER, List.of(OTHER)), crashPoints);
    }
}
