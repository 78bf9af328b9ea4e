// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.capture.fixture.Broker;
import dev.godwit.capture.fixture.Migration;
import dev.godwit.capture.fixture.Postgres;
import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.capture.source.SourceControl;
import dev.godwit.capture.source.SourceDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Owners that die while they fence or release the source: the next one ends what was begun. */
class SourceMarksIT {
    private static final AtomicInteger IDS = new AtomicInteger();

    @TempDir private static Path folder;

    private static Broker broker;
    private static Postgres source;

    @BeforeAll
    static void start() throws Exception {
        broker = Broker.start(Files.createDirectory(folder.resolve("kafka")));
        source = Postgres.start(15, Files.createDirectory(folder.resolve("postgres")));
    }

    @AfterAll
    static void stop() {
        source.close();
        broker.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = CrashPoint.class,
            names = {"BEFORE_RELEASE", "DURING_RELEASE", "AFTER_RELEASE"})
    void releasesWhatADeadOwnerLeft(CrashPoint point) throws Exception {
        try (Migration migration = migration()) {
            // When
            try (var owner = new Owner(migration, dyingAt(point))) {
                owner.marks.willCreate();
                assertThatThrownBy(owner.marks::release).hasMessageContaining(point.name());
            }
            // Then
            try (var owner = new Owner(migration, CrashPoints.none())) {
                owner.marks.release();
                assertNothingLeft(migration);
            }
            try (var owner = new Owner(migration, CrashPoints.none())) {
                owner.marks.release();
                assertNothingLeft(migration);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CrashPoint.class,
            names = {"BEFORE_FENCE", "DURING_FENCE", "AFTER_FENCE"})
    void fencesAndLiftsTheFenceThatADeadOwnerBegan(CrashPoint point) throws Exception {
        try (Migration migration = migration()) {
            migration.run(
                    "ALTER DATABASE %s SET default_transaction_read_only = 'off'"
                            .formatted(migration.id()));
            try (Connection older = migration.open()) {
                try (var owner = new Owner(migration, dyingAt(point))) {
                    assertThatThrownBy(owner.marks::fence).hasMessageContaining(point.name());
                }
                // When
                try (var owner = new Owner(migration, CrashPoints.none())) {
                    owner.marks.fence();
                    assertThat(owner.marks.fencedOn()).isPresent();
                }
                // Then
                assertThat(older.isValid(1)).isFalse();
                assertThatThrownBy(() -> migration.run("INSERT INTO item VALUES (1)"))
                        .hasMessageContaining("read-only");
            }
            // When
            try (var owner = new Owner(migration, CrashPoints.none())) {
                owner.marks.lowerFence();
                assertThat(owner.marks.fencedOn()).isEmpty();
            }
            // Then
            assertThat(setting(migration)).isEqualTo("{default_transaction_read_only=off}");
            migration.run("INSERT INTO item VALUES (1)");
        }
    }

    /** What one owner works with. */
    private static final class Owner implements AutoCloseable {
        private final ChangeLog log;
        private final SourceControl control;
        private final SourceMarks marks;

        Owner(Migration migration, CrashPoints crashPoints) throws InterruptedException {
            log = migration.openLog(CrashPoints.none());
            control =
                    new SourceControl(
                            new SourceDatabase(migration.settings(), migration.id(), log.epoch()),
                            crashPoints);
            marks = new SourceMarks(control, log, crashPoints, Clock.systemUTC());
        }

        @Override
        public void close() {
            control.close();
            log.close();
        }
    }

    private static CrashPoints dyingAt(CrashPoint point) {
        return at -> {
            if (at == point) {
                throw new IllegalStateException("dies at " + at);
            }
        };
    }

    private static Migration migration() throws Exception {
        return Migration.create(
                source,
                broker,
                "marks%05d".formatted(IDS.incrementAndGet()),
                "CREATE TABLE item (id int PRIMARY KEY)");
    }

    private static void assertNothingLeft(Migration migration) throws SQLException {
        assertThat(
                        migration.ask(
                                "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"))
                .isEqualTo("0");
        assertThat(migration.ask("SELECT count(*) FROM pg_publication")).isEqualTo("0");
    }

    private static String setting(Migration migration) throws SQLException {
        return migration.ask(
                "SELECT setconfig::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE datname = current_database()");
    }
}
