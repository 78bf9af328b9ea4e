// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.capture.fixture.Broker;
import dev.godwit.capture.fixture.GrantingApply;
import dev.godwit.capture.fixture.LoadReader;
import dev.godwit.capture.fixture.Postgres;
import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.source.SourceControl;
import dev.godwit.capture.source.SourceDatabase;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.topic.TopicAdmin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
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

    private final String id = "load%08d".formatted(IDS.incrementAndGet());

    @BeforeAll
    static void start() throws Exception {
        broker = Broker.start(Files.createDirectory(folder.resolve("kafka")));
        source = Postgres.start(15, Files.createDirectory(folder.resolve("postgres")));
        try (var admin = broker.settings().admin()) {
            new TopicAdmin(admin, (short) 1).createShared();
        }
    }

    @AfterAll
    static void stop() {
        source.close();
        broker.close();
    }

    /** The server's slots are few: the next test needs this one's. */
    @AfterEach
    void release() {
        try (var control =
                new SourceControl(
                        new SourceDatabase(source.settings(id), id, Long.MAX_VALUE),
                        CrashPoints.none())) {
            control.release();
        }
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
        createDatabase();
        try (var apply = GrantingApply.start(broker.settings(), id)) {
            var died = new AtomicBoolean();
            try (ChangeLog log = open(id);
                    Load load =
                            load(
                                    id,
                                    log,
                                    apply,
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
            source.run(id, "UPDATE item SET v = 'changed' WHERE id = 7");
            try (ChangeLog log = open(id);
                    Load load = load(id, log, apply, CrashPoints.none())) {
                load.start();
                Awaitility.await("the end of the load").atMost(MOST).until(load::finished);
            }
            // Then
            LoadReader read = LoadReader.read(broker.settings(), id);
            assertThat(read.rows(ITEM)).hasSize(1000).contains("1\tv1");
            assertThat(read.rows(OTHER)).containsExactly("1");
            assertThat(
                            source.ask(
                                    id,
                                    "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'godwit_"
                                            + id
                                            + "%'"))
                    .isEqualTo("1");
        }
    }

    @Test
    void loadsATableAgainThatWasRewrittenBehindItsSnapshot() throws Exception {
        createDatabase();
        var rewritten = new AtomicBoolean();
        try (var apply = GrantingApply.start(broker.settings(), id);
                ChangeLog log = open(id);
                Load load =
                        load(
                                id,
                                log,
                                apply,
                                at -> {
                                    if (at == CrashPoint.AFTER_BEGIN
                                            && rewritten.compareAndSet(false, true)) {
                                        rewrite(id);
                                    }
                                })) {
            // When
            load.start();
            Awaitility.await("the end of the load").atMost(MOST).until(load::finished);
            // Then
            LoadReader read = LoadReader.read(broker.settings(), id);
            assertThat(read.rows(ITEM)).hasSize(1000);
            assertThat(read.end(ITEM).getAttempt().getNumber()).isEqualTo(2);
            assertThat(read.rows(OTHER)).containsExactly("1");
            assertThat(read.end(OTHER).getAttempt().getNumber()).isEqualTo(1);
        }
    }

    private static void rewrite(String id) {
        try {
            source.run(id, "ALTER TABLE item ALTER v TYPE varchar USING v || ''");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ChangeLog open(String id) throws InterruptedException {
        return ChangeLog.open(broker.settings(), id, SchemaBook.ownOnly(), CrashPoints.none());
    }

    private static Load load(
            String id, ChangeLog log, GrantingApply apply, CrashPoints crashPoints) {
        return new Load(
                new LoadContext(
                        new SourceDatabase(source.settings(id), id, log.epoch()),
                        log,
                        broker.settings(),
                        Map.of(ITEM, List.of(ITEM), OTHER, List.of(OTHER)),
                        LoadSettings.of(2, 1L << 30, 1L << 28),
                        apply.grants(),
                        crashPoints,
                        Clock.systemUTC()));
    }

    private void createDatabase() throws Exception {
        source.run("postgres", "CREATE DATABASE " + id);
        source.run(
                id,
                "CREATE TABLE item (id int PRIMARY KEY, v text)",
                "INSERT INTO item SELECT i, 'v' || i FROM generate_series(1, 1000) i",
                "CREATE TABLE other (id int PRIMARY KEY)",
                "INSERT INTO other VALUES (1)");
        try (var admin = broker.settings().admin()) {
            new TopicAdmin(admin, (short) 1).createFor(id, 4);
        }
    }
}
