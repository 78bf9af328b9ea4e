// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import static dev.godwit.capture.fixture.LogReader.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.capture.fixture.Broker;
import dev.godwit.capture.fixture.Migration;
import dev.godwit.capture.fixture.Migration.Owner;
import dev.godwit.capture.fixture.Postgres;
import dev.godwit.capture.publish.OwnerFencedException;
import dev.godwit.capture.publish.Position;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Change;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.StreamStart;
import dev.godwit.schemas.Truncate;
import dev.godwit.schemas.Unchanged;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.avro.specific.SpecificRecordBase;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole way from a real slot to a real log, on an old, a middle and the newest version. */
class WalStreamIT {
    private static final Duration MOST = Duration.ofSeconds(60);
    private static final String ITEM = "CREATE TABLE item (id int PRIMARY KEY, name text)";

    private static final Map<Integer, Postgres> SERVERS = new HashMap<>();
    private static final AtomicInteger IDS = new AtomicInteger();

    @TempDir private static Path folder;

    private static Broker broker;

    @BeforeAll
    static void start() throws Exception {
        broker = Broker.start(Files.createDirectory(folder.resolve("kafka")));
    }

    @AfterAll
    static void stop() {
        SERVERS.values().forEach(Postgres::close);
        SERVERS.clear();
        broker.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 15, 18})
    void carriesEveryKindOfChangeInOrder(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            migration.capture();
            // When
            migration.run(
                    "BEGIN; INSERT INTO item VALUES (1, 'one'), (2, NULL); UPDATE item SET name = 'eins' WHERE id = 1; COMMIT",
                    "UPDATE item SET id = 3 WHERE id = 2",
                    "DELETE FROM item WHERE id = 1",
                    "TRUNCATE item");
            // Then
            List<Change> changes = migration.awaitChanges(5);
            assertThat(changes)
                    .extracting(Change::getOperation)
                    .containsExactly(
                            Operation.INSERT,
                            Operation.INSERT,
                            Operation.UPDATE,
                            Operation.UPDATE,
                            Operation.DELETE);
            assertThat(changes)
                    .extracting(Change::getLastInTransaction)
                    .containsExactly(false, false, true, true, true);
            assertThat(changes).extracting(Change::getOrdinal).containsExactly(0L, 1L, 2L, 0L, 0L);
            assertThat(text(changes.get(2).getAfter().get(1))).isEqualTo("eins");
            assertThat(changes.get(1).getAfter().get(1)).isNull();
            assertThat(text(changes.get(3).getBefore().get(0))).isEqualTo("2");
            Awaitility.await()
                    .atMost(MOST)
                    .until(() -> migration.records().getLast() instanceof Truncate);
            assertThat(migration.records().get(0)).isInstanceOf(StreamStart.class);
            assertThat(migration.records().get(1)).isInstanceOf(SchemaChange.class);
        }
    }

    /** A COPY is one transaction, and two that interleave are told apart only by their commits. */
    @ParameterizedTest
    @ValueSource(ints = {13, 15, 18})
    void losesAndRepeatsNothingOverRestarts(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            var crashes = new Crashes();
            Owner first = migration.capture(crashes);
            // When
            crashes.arm(CrashPoint.BEFORE_LOG_COMMIT, 3);
            migration.run("COPY item FROM PROGRAM 'seq 1 1000 | sed s/$/,v/' (FORMAT csv)");
            crashes.await();
            first.close();
            interleave(migration);
            crashes.arm(CrashPoint.AFTER_LOG_COMMIT, 2);
            Owner second = migration.capture(crashes);
            crashes.await();
            migration.awaitChanges(700);
            second.close();
            migration.run("UPDATE item SET name = 'w' WHERE id <= 500");
            Owner third = migration.capture();
            // Then
            List<Change> changes = migration.awaitChanges(1000 + 800 + 500);
            assertThat(changes)
                    .hasSize(2300)
                    .isSortedAccordingTo(Comparator.comparing(WalStreamIT::position));
            assertThat(changes.stream().map(WalStreamIT::position).distinct()).hasSize(2300);
            assertThat(transactions(changes).values())
                    .allSatisfy(inOne -> {
                        assertThat(inOne)
                                .extracting(Change::getOrdinal)
                                .containsExactlyElementsOf(
                                        LongStream.range(0, inOne.size()).boxed().toList());
                        assertThat(inOne.getLast().getLastInTransaction()).isTrue();
                        assertThat(inOne.subList(0, inOne.size() - 1))
                                .noneMatch(Change::getLastInTransaction);
                    });
            assertThat(third.log().progress().changes()).isEqualTo(2300);
            assertThat(third.log().progress().tables().get(new TableName("public", "item")))
                    .isEqualTo(new Counters(1800L, 500L, 0L, 0L));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 15, 18})
    void neverFlushesPastTheLog(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            Owner owner = migration.capture();
            long began = migration.confirmedLsn();
            // When
            for (int i = 0; i < 20; i++) {
                migration.run(
                        "INSERT INTO item SELECT g, 'x' FROM generate_series(%d, %d) g"
                                .formatted(i * 50, i * 50 + 49));
                // Then
                long confirmed = migration.confirmedLsn();
                assertThat(owner.log().progress().flushableLsn()).isGreaterThanOrEqualTo(confirmed);
            }
            migration.awaitChanges(1000);
            // And an idle source's slot moves on
            long written =
                    Long.parseLong(
                            migration.ask(
                                    "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"));
            Awaitility.await().atMost(MOST).until(() -> migration.confirmedLsn() >= written);
            assertThat(written).isGreaterThan(began);
            assertThat(owner.log().progress().flushableLsn())
                    .isGreaterThanOrEqualTo(migration.confirmedLsn());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 15, 18})
    void putsMarkersBehindWhatWasCommittedBefore(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            Owner owner = migration.capture();
            // When
            migration.run("INSERT INTO item SELECT g, 'x' FROM generate_series(1, 100) g");
            owner.wal().requestMarker(MarkerKind.GATE, "gate-1");
            awaitMarker(owner, "gate-1");
            migration.run("INSERT INTO item VALUES (101, 'behind')");
            migration.awaitChanges(101);
            // Then
            assertThat(owner.log().progress().changesAtMarker()).isEqualTo(100);
            assertThat(owner.log().progress().changesBehindMarker()).isEqualTo(1);
            // When
            owner.close();
            Owner next = migration.capture();
            next.wal().requestMarker(MarkerKind.FINAL, "final-1");
            awaitMarker(next, "final-1");
            // Then
            List<SpecificRecordBase> records =
                    Awaitility.await()
                            .atMost(MOST)
                            .until(migration::records, read -> read.getLast() instanceof Marker);
            assertThat(records.stream().filter(Marker.class::isInstance).map(Marker.class::cast))
                    .extracting(Marker::getId, Marker::getKind, Marker::getChangesBefore)
                    .containsExactly(
                            tuple("gate-1", MarkerKind.GATE, 100L),
                            tuple("final-1", MarkerKind.FINAL, 101L));
            int gate = indexOf(records, "gate-1");
            assertThat(records.subList(0, gate).stream().filter(Change.class::isInstance))
                    .hasSize(100);
        }
    }

    /** A cutover waits for two of them. */
    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void bringsMarkersSoonOnAnIdleSource(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            Owner owner = migration.capture(CrashPoints.none(), WalSettings.DEFAULTS);
            migration.run("INSERT INTO item VALUES (1, 'one')");
            migration.awaitChanges(1);
            // When
            long began = System.nanoTime();
            for (int i = 0; i < 8; i++) {
                owner.wal().requestMarker(MarkerKind.GATE, "gate-" + i);
                awaitMarker(owner, "gate-" + i);
            }
            // Then
            assertThat(Duration.ofNanos(System.nanoTime() - began))
                    .isLessThan(Duration.ofSeconds(5));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = 15)
    void carriesValuesLargerThanARecord(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            migration.capture();
            // When
            migration.run(
                    "INSERT INTO item SELECT 1, string_agg(md5(i::text), '') FROM generate_series(1, 200000) i",
                    "INSERT INTO item VALUES (2, 'small')",
                    "UPDATE item SET id = 3 WHERE id = 1");
            // Then
            List<Change> changes = migration.awaitChanges(3);
            assertThat(md5(text(changes.get(0).getAfter().get(1))))
                    .isEqualTo(migration.ask("SELECT md5(name) FROM item WHERE id = 3"));
            assertThat(changes.get(2).getAfter().get(1)).isEqualTo(Unchanged.UNCHANGED_TOAST);
            assertThat(text(changes.get(2).getBefore().get(0))).isEqualTo("1");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = 15)
    void letsAnOldOwnerWriteNoMore(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            Owner old = migration.capture();
            migration.run("INSERT INTO item VALUES (1, 'one')");
            migration.awaitChanges(1);
            // When
            Owner next = migration.capture();
            migration.run("INSERT INTO item VALUES (2, 'two')");
            // Then
            Awaitility.await().atMost(MOST).until(() -> old.wal().fenced());
            assertThat(migration.awaitChanges(2)).hasSize(2);
            assertThat(next.log().epoch()).isGreaterThan(old.log().epoch());
            assertThatThrownBy(() -> old.log().record(List.of()))
                    .isInstanceOf(OwnerFencedException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void healsWhenTheSourceRestarts(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            Owner owner = migration.capture();
            migration.run("INSERT INTO item SELECT g, 'x' FROM generate_series(1, 100) g");
            migration.awaitChanges(100);
            // When
            server(major).stop();
            Awaitility.await().atMost(MOST).until(() -> owner.wal().failure().isPresent());
            server(major).startAgain();
            migration.run("INSERT INTO item SELECT g, 'x' FROM generate_series(101, 200) g");
            // Then
            assertThat(migration.awaitChanges(200)).hasSize(200);
            Awaitility.await().atMost(MOST).until(() -> owner.wal().failure().isEmpty());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void stopsWhenTheSlotIsGone(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            Owner owner = migration.capture(CrashPoints.none());
            migration.run("INSERT INTO item VALUES (1, 'one')");
            migration.awaitChanges(1);
            // When
            migration.dropSlot();
            migration.run("INSERT INTO item VALUES (2, 'two')");
            // Then
            Awaitility.await()
                    .atMost(MOST)
                    .until(() ->
                            owner.wal()
                                    .failure()
                                    .map(MigrationException::code)
                                    .filter(ErrorCode.SLOT_LOST::equals)
                                    .isPresent());
            assertThat(migration.changes()).hasSize(1);
        }
    }

    /** No server forgives that by itself, so nobody may wait for it. */
    @ParameterizedTest
    @ValueSource(ints = {13, 15})
    void waitsForTheOperatorWhenThePublicationIsGone(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            Owner owner = migration.capture();
            migration.run("INSERT INTO item VALUES (1, 'one')");
            migration.awaitChanges(1);
            // When
            migration.run(
                    "DROP PUBLICATION godwit_" + migration.id(),
                    "INSERT INTO item VALUES (2, 'two')");
            // Then
            Awaitility.await()
                    .atMost(MOST)
                    .until(() ->
                            owner.wal()
                                    .failure()
                                    .map(MigrationException::code)
                                    .filter(ErrorCode.SOURCE_REFUSED::equals)
                                    .isPresent());
        }
    }

    /** The reading thread then waits in a full queue that nobody empties any more. */
    @ParameterizedTest
    @ValueSource(ints = 15)
    void endsAtOnceInTheMiddleOfABacklog(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            migration.run(
                    "INSERT INTO item SELECT g, repeat('x', 200) FROM generate_series(1, 300000) g");
            Owner owner = migration.capture();
            Awaitility.await().atMost(MOST).until(() -> owner.log().progress().changes() > 0);
            // When
            long began = System.nanoTime();
            owner.wal().close();
            // Then
            assertThat(Duration.ofNanos(System.nanoTime() - began))
                    .isLessThan(Duration.ofSeconds(3));
            assertThat(owner.log().progress().changes()).isLessThan(300_000);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = 15)
    void stopsWhenTheSlotIsAheadOfTheLog(int major) throws Exception {
        try (Migration migration = migration(major, ITEM)) {
            migration.run(
                    "SELECT pg_logical_emit_message(true, 'any', 'thing')",
                    "SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) FROM pg_replication_slots WHERE database = current_database()");
            // When
            Owner owner = migration.capture();
            // Then
            Awaitility.await().atMost(MOST).until(() -> owner.wal().failure().isPresent());
            assertThat(owner.wal().failure())
                    .get()
                    .extracting(MigrationException::code)
                    .isEqualTo(ErrorCode.LOG_BEHIND_SLOT);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = 15)
    void capturesADatabaseOfAnyName(int major) throws Exception {
        String name = "Größe \"%+?&/.b b";
        Postgres server = server(major);
        server.run("postgres", "CREATE DATABASE " + Identifiers.quote(name));
        try (Migration migration = Migration.in(name, server, broker, nextId(), ITEM)) {
            migration.capture();
            migration.run("INSERT INTO item VALUES (1, 'one')");
            assertThat(migration.awaitChanges(1)).hasSize(1);
        }
    }

    private static void interleave(Migration migration) throws SQLException {
        try (Connection one = migration.open();
                Connection other = migration.open();
                Statement inOne = one.createStatement();
                Statement inOther = other.createStatement()) {
            one.setAutoCommit(false);
            other.setAutoCommit(false);
            for (int i = 0; i < 8; i++) {
                inOne.execute(
                        "INSERT INTO item SELECT g, 'one' FROM generate_series(%d, %d) g"
                                .formatted(2000 + i * 50, 2049 + i * 50));
                inOther.execute(
                        "INSERT INTO item SELECT g, 'two' FROM generate_series(%d, %d) g"
                                .formatted(3000 + i * 50, 3049 + i * 50));
            }
            other.commit();
            one.commit();
        }
    }

    private static Position position(Change change) {
        return new Position(change.getFinalLsn(), change.getOrdinal());
    }

    private static Map<Long, List<Change>> transactions(List<Change> changes) {
        return changes.stream().collect(Collectors.groupingBy(Change::getFinalLsn));
    }

    private static void awaitMarker(Owner owner, String id) {
        Awaitility.await(id)
                .atMost(MOST)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> owner.log().progress().marker().filter(id::equals).isPresent());
    }

    private static int indexOf(List<SpecificRecordBase> records, String marker) {
        for (int i = 0; i < records.size(); i++) {
            if (records.get(i) instanceof Marker found && found.getId().equals(marker)) {
                return i;
            }
        }
        throw new AssertionError("no marker " + marker);
    }

    private static String md5(String text) throws NoSuchAlgorithmException {
        return HexFormat.of()
                .formatHex(
                        MessageDigest.getInstance("MD5")
                                .digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String nextId() {
        return "m%05d".formatted(IDS.incrementAndGet());
    }

    private static Migration migration(int major, String... tables) throws Exception {
        return Migration.create(server(major), broker, nextId(), tables);
    }

    private static Postgres server(int major) throws Exception {
        Postgres server = SERVERS.get(major);
        if (server == null) {
            server = Postgres.start(major, Files.createDirectory(folder.resolve("pg" + major)));
            SERVERS.put(major, server);
        }
        return server;
    }
}
