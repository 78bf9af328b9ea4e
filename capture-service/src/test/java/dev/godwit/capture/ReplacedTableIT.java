// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.capture.fixture.Broker;
import dev.godwit.capture.fixture.LoadedMigration;
import dev.godwit.capture.fixture.LogReader;
import dev.godwit.capture.fixture.Postgres;
import dev.godwit.capture.load.Load;
import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.wal.SelectedTables;
import dev.godwit.capture.wal.WalSettings;
import dev.godwit.capture.wal.WalStream;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Change;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.SchemaChange;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Source tables that are renamed, replaced or unpublished: no change of a selected one is lost
 * unsaid.
 */
class ReplacedTableIT {
    private static final Duration MOST = Duration.ofSeconds(60);
    private static final TableName ITEM = new TableName("public", "item");
    private static final TableName TARGET = new TableName("elsewhere", "thing");
    private static final AtomicInteger IDS = new AtomicInteger();
    private static final WalSettings WATCHFUL =
            new WalSettings(
                    Duration.ofMillis(200),
                    Duration.ofMillis(500),
                    Duration.ofSeconds(1),
                    16 * 1024,
                    Duration.ofMillis(5));

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
                        "replaced%04d".formatted(IDS.incrementAndGet()),
                        "CREATE TABLE item (id int PRIMARY KEY, v text)",
                        "INSERT INTO item SELECT i, 'v' || i FROM generate_series(1, 100) i");
    }

    @AfterEach
    void release() {
        migration.close();
    }

    @Test
    void goesOnWithATableThatWasRenamedBetweenTwoOwners() throws Exception {
        try (var owner = new Owner(CrashPoints.none())) {
            owner.stream();
            migration.run("INSERT INTO item VALUES (101, 'before')");
            awaitChanges(1);
        }
        // When
        migration.run(
                "ALTER TABLE item RENAME TO item_of_old",
                "INSERT INTO item_of_old VALUES (102, 'behind')");
        // Then
        try (var owner = new Owner(CrashPoints.none())) {
            owner.stream();
            awaitChanges(2);
            migration.run(
                    "CREATE SCHEMA attic",
                    "ALTER TABLE item_of_old SET SCHEMA attic",
                    "UPDATE attic.item_of_old SET v = 'moved' WHERE id = 102");
            awaitChanges(3);
            assertThat(LogReader.all(broker.settings(), migration.id(), SchemaChange.class))
                    .allSatisfy(shape -> {
                        assertThat(shape.getSource()).isEqualTo(ITEM.toAvro());
                        assertThat(shape.getTarget()).isEqualTo(TARGET.toAvro());
                    });
            assertThat(owner.log.progress().tables()).containsOnlyKeys(ITEM);
        }
    }

    @Test
    void stopsWhenAnotherTableHasASelectedName() throws Exception {
        try (var owner = new Owner(CrashPoints.none())) {
            WalStream wal = owner.stream();
            // When
            migration.run(
                    "ALTER TABLE item RENAME TO item_of_old",
                    "CREATE TABLE item (id int PRIMARY KEY, v text)",
                    "INSERT INTO item VALUES (1, 'nobody sees this')");
            // Then
            await(() -> wal.failure().map(MigrationException::code), ErrorCode.SCHEMA_CHANGED);
            assertThat(wal.failure())
                    .get()
                    .extracting(MigrationException::what)
                    .asString()
                    .contains("public.item");
            assertThatThrownBy(() -> wal.requestMarker(MarkerKind.GATE, "gate"))
                    .isInstanceOf(MigrationException.class)
                    .hasMessageContaining("public.item");
        }
        // When
        migration.run(
                "DROP TABLE item",
                "ALTER TABLE item_of_old RENAME TO item",
                "INSERT INTO item VALUES (101, 'as before')");
        // Then
        try (var owner = new Owner(CrashPoints.none())) {
            owner.stream();
            awaitChanges(1);
        }
    }

    @Test
    void stopsWhenATableIsTakenOutOfThePublication() throws Exception {
        try (var owner = new Owner(CrashPoints.none())) {
            WalStream wal = owner.stream();
            // When
            migration.run(
                    "CREATE TABLE other (id int PRIMARY KEY)",
                    "ALTER PUBLICATION godwit_%s SET TABLE other".formatted(migration.id()));
            // Then
            await(() -> wal.failure().map(MigrationException::code), ErrorCode.SCHEMA_CHANGED);
            assertThat(wal.failure())
                    .get()
                    .extracting(MigrationException::what)
                    .asString()
                    .contains("public.item");
        }
    }

    /** A renamed table keeps its file: only the name tells that the chunk would read another. */
    @Test
    void neverLoadsAnotherTableThatTookTheName() throws Exception {
        var replaced = new AtomicBoolean();
        try (var owner =
                new Owner(at -> {
                    if (at == CrashPoint.AFTER_BEGIN && replaced.compareAndSet(false, true)) {
                        migration.run(
                                "ALTER TABLE item RENAME TO item_of_old",
                                "CREATE TABLE item (id int PRIMARY KEY, v text)");
                    }
                })) {
            owner.load.start();
            await(
                    () -> owner.load.failure().map(MigrationException::code),
                    ErrorCode.SCHEMA_CHANGED);
            assertThat(migration.recorded(TARGET).getEnded()).isFalse();
        }
    }

    private void awaitChanges(int count) {
        Awaitility.await(count + " changes")
                .atMost(MOST)
                .until(() ->
                        LogReader.all(broker.settings(), migration.id(), Change.class).size()
                                == count);
    }

    private static void await(Callable<Optional<ErrorCode>> failure, ErrorCode code) {
        Awaitility.await(code.name())
                .atMost(MOST)
                .until(failure, found -> found.filter(code::equals).isPresent());
    }

    /** Log, load and stream of one owner. */
    private final class Owner implements AutoCloseable {
        private final ChangeLog log;
        private final Load load;
        private Optional<WalStream> wal = Optional.empty();

        Owner(CrashPoints crashPoints) throws InterruptedException {
            log = migration.openLog();
            load = migration.load(log, Map.of(TARGET, List.of(ITEM)), crashPoints);
        }

        /** Loads what is not loaded, then streams. */
        WalStream stream() {
            load.start();
            Awaitility.await("the end of the load").atMost(MOST).until(load::finished);
            var stream =
                    new WalStream(
                            migration.settings(),
                            migration.id(),
                            log,
                            new SelectedTables(Map.of(ITEM, TARGET), Map.of(), load.oids()),
                            WATCHFUL,
                            Clock.systemUTC());
            stream.start();
            wal = Optional.of(stream);
            return stream;
        }

        @Override
        public void close() {
            load.close();
            wal.ifPresent(WalStream::close);
            log.close();
        }
    }
}
