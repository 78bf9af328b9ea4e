// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.capture.fixture.Broker;
import dev.godwit.capture.fixture.Control;
import dev.godwit.capture.fixture.GrantingApply;
import dev.godwit.capture.fixture.LoadReader;
import dev.godwit.capture.fixture.LogReader;
import dev.godwit.capture.fixture.Postgres;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.SequenceValue;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.secret.PasswordSeal;
import io.micronaut.context.ApplicationContext;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

/** One database migration from its first slot to its release, without an apply that applies. */
class CaptureServiceIT {
    /** 63 bytes in all. */
    private static final TableName HOSTILE =
            new TableName("Schéma \"x\" ; --", "Täble'\"; DROP \\ " + "ö".repeat(22) + "xy");

    private static final TableName BIG = new TableName("public", "big");
    private static final TableName LEAF = new TableName("public", "leaf");
    private static final TableName EMPTY = new TableName("public", "empty");
    private static final List<TableName> TABLES = List.of(BIG, HOSTILE, LEAF, EMPTY);

    private static final Map<Integer, Postgres> SERVERS = new HashMap<>();
    private static final AtomicInteger IDS = new AtomicInteger();

    @TempDir private static Path folder;

    private static Broker broker;
    private static String keyset;
    private static ApplicationContext service;

    @BeforeAll
    static void start() throws Exception {
        broker = Broker.start(Files.createDirectory(folder.resolve("kafka")));
        keyset = PasswordSeal.newKeyset();
        service =
                Main.start(
                        Map.of(
                                "godwit.kafka.bootstrap-servers",
                                broker.settings().bootstrapServers(),
                                "godwit.keyset",
                                keyset,
                                "micronaut.server.port",
                                "-1"));
    }

    @AfterAll
    static void stop() {
        service.close();
        SERVERS.values().forEach(Postgres::close);
        SERVERS.clear();
        broker.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 15, 18})
    void carriesADatabaseFromItsSlotToItsRelease(int major) throws Exception {
        Postgres source = server(major);
        String id = newDatabase(source);
        source.run(
                id,
                "CREATE TABLE big (id bigint PRIMARY KEY, filler text, twice bigint GENERATED ALWAYS AS (id * 2) STORED)",
                "INSERT INTO big SELECT i, repeat(md5(i::text), 8) FROM generate_series(-50000, 100000) i",
                "CREATE SCHEMA \"Schéma \"\"x\"\" ; --\"",
                "CREATE TABLE "
                        + HOSTILE.quoted()
                        + " (\"Ä \"\" col\" serial PRIMARY KEY, b bytea, t text, d date, f float8)",
                "INSERT INTO "
                        + HOSTILE.quoted()
                        + " (b, t, d, f) VALUES ('\\x00ff0a', E'tab\\tnewline\\nback\\\\slash', '2024-02-29', 0.1), (NULL, '', 'infinity', 'NaN'),"
                        + " (convert_to(repeat('wide', 3000000), 'UTF8'), '\\N', NULL, '-0')",
                "CREATE TABLE root (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE leaf PARTITION OF root FOR VALUES FROM (0) TO (1000)",
                "INSERT INTO root SELECT i, 'v' || i FROM generate_series(0, 999) i",
                "CREATE TABLE empty (id int PRIMARY KEY)",
                "CREATE SEQUENCE lone INCREMENT 7",
                "SELECT nextval('lone'), nextval('lone')");
        try (var control = new Control(broker.settings(), keyset, id, source.settings(id), TABLES);
                var apply = GrantingApply.start(broker.settings(), id)) {
            // When
            control.want(WantedPhase.RUN);
            control.await("streaming", said -> said.getPhase() == CapturePhase.STREAMING);
            // Then
            LoadReader load = LoadReader.read(broker.settings(), id);
            assertThat(load.rows(BIG))
                    .containsExactlyInAnyOrderElementsOf(
                            copy(source, id, "SELECT id, filler FROM public.big"));
            assertThat(load.end(BIG).getPieces()).hasSizeGreaterThan(1);
            assertThat(load.rows(HOSTILE))
                    .containsExactlyInAnyOrderElementsOf(
                            copy(source, id, "SELECT * FROM " + HOSTILE.quoted()));
            assertThat(load.rows(LEAF)).hasSize(1000);
            assertThat(load.rows(EMPTY)).isEmpty();
            assertThat(apply.load(BIG).getEnded()).isTrue();

            // When
            source.run(
                    id, "INSERT INTO root VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET v = 'x'");
            control.want(database -> {
                database.setPhase(WantedPhase.CUT_OVER);
                database.setGateMarker("gate1");
            });
            // Then
            CaptureStatus gated =
                    control.await("the gate's marker", said -> "gate1".equals(said.getMarker()));
            assertThat(gated.getCaptured().getUpdates()).isEqualTo(1);
            assertThat(gated.getChangesBehindMarker()).isZero();

            // When
            control.want(WantedPhase.FINALISE);
            control.await("sequences", said -> "gate1".equals(said.getSequencesFor()));
            // Then
            assertThat(
                            LogReader.all(broker.settings(), id, Sequences.class)
                                    .getFirst()
                                    .getSequences())
                    .contains(
                            new SequenceValue(
                                    new TableName("public", "lone").toAvro(),
                                    8L,
                                    true,
                                    null,
                                    false))
                    .anyMatch(
                            sequence -> sequence.getName().getNamespace().equals(HOSTILE.schema()));

            // When
            control.want(database -> database.setFinalMarker("final1"));
            control.await("the final marker", said -> "final1".equals(said.getMarker()));
            assertThat(LogReader.all(broker.settings(), id, Marker.class).getLast().getKind())
                    .isEqualTo(MarkerKind.FINAL);
            control.want(WantedPhase.RELEASE_SOURCE);
            control.await("released", said -> said.getPhase() == CapturePhase.RELEASED);
            // Then
            assertNothingLeft(source, id);
            control.want(WantedPhase.COMPLETED);
        }
    }

    @Test
    void saysWhichTransactionsTheSlotWaitsFor() throws Exception {
        Postgres source = server(15);
        String id = newDatabase(source);
        source.run(id, "CREATE TABLE big (id int PRIMARY KEY)");
        try (var control =
                        new Control(
                                broker.settings(), keyset, id, source.settings(id), List.of(BIG));
                var apply = GrantingApply.start(broker.settings(), id);
                Connection writer = source.open(id)) {
            writer.setAutoCommit(false);
            try (Statement statement = writer.createStatement()) {
                statement.execute("INSERT INTO big VALUES (1)");
            }
            // When
            control.want(WantedPhase.RUN);
            // Then
            CaptureStatus waiting =
                    control.await("waiting", said -> !said.getWaitingFor().isEmpty());
            assertThat(waiting.getPhase()).isEqualTo(CapturePhase.WAITING_FOR_SLOT);
            assertThat(waiting.getWaitingFor().getFirst())
                    .contains("pg_terminate_backend", "'test'", id);
            writer.commit();
            control.await("streaming", said -> said.getPhase() == CapturePhase.STREAMING);
            assertThat(LoadReader.read(broker.settings(), id).rows(BIG)).containsExactly("1");
            assertThat(apply.loads()).containsKey(BIG);

            // When
            control.want(WantedPhase.CANCEL);
            control.await("released", said -> said.getPhase() == CapturePhase.RELEASED);
            assertNothingLeft(source, id);
            control.want(WantedPhase.CANCELLED);
        }
    }

    @Test
    void cancelsWhileTheSlotWaits() throws Exception {
        Postgres source = server(15);
        String id = newDatabase(source);
        source.run(id, "CREATE TABLE big (id int PRIMARY KEY)");
        try (var control =
                        new Control(
                                broker.settings(), keyset, id, source.settings(id), List.of(BIG));
                var apply = GrantingApply.start(broker.settings(), id);
                Connection writer = source.open(id)) {
            writer.setAutoCommit(false);
            try (Statement statement = writer.createStatement()) {
                statement.execute("INSERT INTO big VALUES (1)");
            }
            control.want(WantedPhase.RUN);
            control.await("waiting", said -> !said.getWaitingFor().isEmpty());
            // When
            control.want(WantedPhase.CANCEL);
            // Then
            control.await("released", said -> said.getPhase() == CapturePhase.RELEASED);
            assertNothingLeft(source, id);
            assertThat(apply.loads()).hasSize(1);
            control.want(WantedPhase.CANCELLED);
        }
    }

    @Test
    void fencesTheSourceAndLiftsTheFenceWhenCancelled() throws Exception {
        Postgres source = server(15);
        String id = newDatabase(source);
        source.run(
                id,
                "CREATE TABLE big (id int PRIMARY KEY)",
                "ALTER DATABASE %s SET default_transaction_read_only = 'off'".formatted(id),
                "ALTER DATABASE %s SET work_mem = '5MB'".formatted(id));
        try (var control =
                        new Control(
                                broker.settings(), keyset, id, source.settings(id), List.of(BIG));
                var apply = GrantingApply.start(broker.settings(), id);
                Connection older = source.open(id)) {
            control.want(WantedPhase.RUN);
            control.await("streaming", said -> said.getPhase() == CapturePhase.STREAMING);
            // When
            control.want(database -> {
                database.setPhase(WantedPhase.CUT_OVER);
                database.setFence(true);
            });
            control.await("fenced", said -> said.getFencedOn() != null);
            // Then
            assertThatThrownBy(() -> older.createStatement().execute("INSERT INTO big VALUES (1)"))
                    .isInstanceOf(SQLException.class);
            assertThatThrownBy(() -> source.run(id, "INSERT INTO big VALUES (1)"))
                    .hasMessageContaining("read-only");
            control.want(database -> database.setGateMarker("gate1"));
            control.await("the gate's marker", said -> "gate1".equals(said.getMarker()));
            assertThat(apply.loads()).hasSize(1);

            // When
            control.want(WantedPhase.CANCEL);
            control.await(
                    "released",
                    said -> said.getPhase() == CapturePhase.RELEASED && said.getFencedOn() == null);
            // Then
            source.run(id, "INSERT INTO big VALUES (1)");
            assertThat(
                            source.ask(
                                    id,
                                    "SELECT setconfig::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE datname = '"
                                            + id
                                            + "'"))
                    .contains("default_transaction_read_only=off", "work_mem=5MB");
            assertNothingLeft(source, id);
            control.want(WantedPhase.CANCELLED);
        }
    }

    @Test
    void namesTheTableWithARowThatIsTooWide() throws Exception {
        Postgres source = server(15);
        String id = newDatabase(source);
        source.run(
                id,
                "CREATE TABLE big (id int PRIMARY KEY, b bytea)",
                "ALTER TABLE big ALTER b SET STORAGE EXTERNAL",
                "INSERT INTO big VALUES (1, convert_to(repeat('x', 140000000), 'UTF8'))");
        try (var control =
                        new Control(
                                broker.settings(), keyset, id, source.settings(id), List.of(BIG));
                var apply = GrantingApply.start(broker.settings(), id)) {
            control.want(WantedPhase.RUN);
            // Then
            CaptureStatus failed =
                    control.await("failed", said -> said.getPhase() == CapturePhase.FAILED);
            assertThat(failed.getFailure().getCode()).isEqualTo("ROW_TOO_WIDE");
            assertThat(failed.getFailure().getWhat()).contains("public.big");
            // When
            source.run(id, "UPDATE big SET b = NULL", "VACUUM FULL big");
            control.want(database -> database.setRetries(1));
            // Then
            control.await("streaming", said -> said.getPhase() == CapturePhase.STREAMING);
            assertThat(LoadReader.read(broker.settings(), id).rows(BIG)).containsExactly("1\t\\N");
            assertThat(apply.load(BIG).getAttempt().getNumber()).isGreaterThan(1);
            // When
            apply.breakAttempt(BIG);
            // Then
            int attempt = apply.load(BIG).getAttempt().getNumber();
            org.awaitility.Awaitility.await("loaded again")
                    .atMost(java.time.Duration.ofSeconds(30))
                    .until(() ->
                            apply.load(BIG).getAttempt().getNumber() > attempt
                                    && apply.load(BIG).getEnded());
            control.want(WantedPhase.CANCEL);
            control.await("released", said -> said.getPhase() == CapturePhase.RELEASED);
            assertNothingLeft(source, id);
            control.want(WantedPhase.CANCELLED);
        }
    }

    private static void assertNothingLeft(Postgres source, String id) throws SQLException {
        assertThat(
                        source.ask(
                                id,
                                "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'godwit_"
                                        + id
                                        + "%'"))
                .isEqualTo("0");
        assertThat(source.ask(id, "SELECT count(*) FROM pg_publication")).isEqualTo("0");
        assertThat(
                        source.ask(
                                id,
                                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'godwit "
                                        + id
                                        + " load%' OR application_name LIKE 'godwit "
                                        + id
                                        + " keeper%'"))
                .isEqualTo("0");
    }

    private static Postgres server(int major) {
        return SERVERS.computeIfAbsent(
                major,
                version -> {
                    try {
                        return Postgres.start(
                                version,
                                Files.createDirectory(folder.resolve("postgres-" + version)));
                    } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
    }

    private static String newDatabase(Postgres source) throws Exception {
        String id = "capture%05d".formatted(IDS.incrementAndGet());
        source.run("postgres", "CREATE DATABASE " + id);
        broker.createTopics(id, 4);
        return id;
    }

    private static List<String> copy(Postgres source, String database, String query)
            throws Exception {
        var text = new ByteArrayOutputStream();
        try (Connection connection = source.settings(database).open("test")) {
            long rows =
                    connection
                            .unwrap(PGConnection.class)
                            .getCopyAPI()
                            .copyOut("COPY (" + query + ") TO STDOUT", text);
            assertThat(rows).isPositive();
        }
        return text.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
