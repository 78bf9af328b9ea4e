// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.ParkedObjects;
import dev.godwit.apply.server.TargetServer;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.Secret;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.QualifiedName;
import dev.godwit.schemas.SequenceValue;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands in the way is away while rows arrive, and back afterwards as if nothing had been. */
class ParkingIT {
    private static final Map<Integer, TargetServer> SERVERS = new ConcurrentHashMap<>();
    private static final TableName HEADS = new TableName("Über \"Raum\"", "Bestell-Köpfe");
    private static final TableName LINES = new TableName("other", "lines");
    private static final TableName GROUPED = new TableName("other", "grouped");
    private static final TableName PART_1 = new TableName("other", "part_1");
    private static final TableName PART_2_1 = new TableName("other", "part_2_1");
    private static final TableName PART = new TableName("other", "part");

    private final Parking parking = new Parking();
    private final Restoring restoring = new Restoring(connection -> {});

    @AfterAll
    static void stopServers() throws IOException {
        for (TargetServer server : SERVERS.values()) {
            server.close();
        }
        SERVERS.clear();
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void everythingParkedComesBackExactly(int version) throws Exception {
        ConnectionSettings target = nastyDatabase(version);
        try (TargetSession session = TargetSession.open(target, "test");
                var pool = Executors.newFixedThreadPool(2)) {
            Connection connection = session.connection();
            List<String> before = CatalogText.of(connection);

            // When
            for (TableName table : List.of(LINES, HEADS, GROUPED, PART_1, PART_2_1)) {
                park(connection, table, session.silent());
            }
            assertThat(indexesOf(connection, HEADS)).isEmpty();
            assertThat(indexesOf(connection, LINES)).isEmpty();
            assertThat(indexesOf(connection, GROUPED))
                    .as("a view depends on the key")
                    .containsExactly("grouped_pkey");
            assertThat(indexesOf(connection, PART_1))
                    .containsExactly("part_1_d_idx", "part_1_pkey");
            run(
                    connection,
                    "INSERT INTO "
                            + HEADS.quoted()
                            + " (a, \"B b\", id, val, j) VALUES (13, 'x', 7, 5, '{}')");
            run(connection, "UPDATE " + HEADS.quoted() + " SET id = 8");
            run(connection, "INSERT INTO other.lines (n, k1, k2) VALUES (1, 99, 'orphan')");
            run(
                    connection,
                    "INSERT INTO other.part_1 VALUES (5, 5); INSERT INTO other.part_2_1 VALUES (5, 105)");
            run(
                    connection,
                    "DELETE FROM other.lines; DELETE FROM other.part; DELETE FROM "
                            + HEADS.quoted());
            for (TableName table : List.of(LINES, HEADS, GROUPED, PART_1, PART_2_1)) {
                restoring.restoreIndexes(table, () -> TargetSession.open(target, "index"), pool);
            }
            restoring.restoreAll(connection);

            // Then
            assertThat(CatalogText.of(connection)).containsExactlyInAnyOrderElementsOf(before);
            assertThat(new ParkedObjects().all(connection)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void aPartitionedTargetComesBackExactly(int version) throws Exception {
        ConnectionSettings target = nastyDatabase(version);
        try (TargetSession session = TargetSession.open(target, "test")) {
            Connection connection = session.connection();
            List<String> before = CatalogText.of(connection);

            // When
            park(connection, PART, session.silent());
            run(connection, "INSERT INTO other.part VALUES (5, 5), (5, 105)");
            run(connection, "DELETE FROM other.part");
            restoring.restoreAll(connection);

            // Then
            assertThat(CatalogText.of(connection)).containsExactlyInAnyOrderElementsOf(before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void anOrdinaryOwnerParksOrdinaryTriggersToo(int version) throws Exception {
        ConnectionSettings admin = nastyDatabase(version);
        String owner = "owner " + version + " \"" + System.nanoTime();
        try (Connection connection = admin.open("test")) {
            String role = dev.godwit.postgres.Identifiers.quote(owner);
            run(connection, "CREATE ROLE " + role + " LOGIN PASSWORD 'x'");
            run(
                    connection,
                    "DO $$ DECLARE r record; BEGIN FOR r IN SELECT c.oid::regclass AS t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                            + "WHERE n.nspname IN ('other', 'Über \"Raum\"') AND c.relkind IN ('r', 'p', 'v', 'm') LOOP EXECUTE format('ALTER TABLE %s OWNER TO %I', r.t, '"
                            + owner
                            + "'); END LOOP; END $$");
            run(
                    connection,
                    "GRANT ALL ON SCHEMA other, \"Über \"\"Raum\"\"\", godwit TO "
                            + role
                            + "; GRANT ALL ON ALL TABLES IN SCHEMA godwit TO "
                            + role
                            + "; GRANT ALL ON ALL SEQUENCES IN SCHEMA godwit TO "
                            + role
                            + "; ALTER DOMAIN other.positive OWNER TO "
                            + role);
        }
        var target =
                new ConnectionSettings(
                        admin.host(),
                        admin.port(),
                        admin.database(),
                        owner,
                        Secret.of("x"),
                        "disable",
                        Map.of());
        try (TargetSession session = TargetSession.open(target, "test")) {
            Connection connection = session.connection();
            List<String> before = CatalogText.of(connection);
            assertThat(session.silent()).isFalse();

            // When
            for (TableName table : List.of(HEADS, LINES, PART)) {
                park(connection, table, session.silent());
            }
            run(
                    connection,
                    "INSERT INTO other.lines (n) VALUES (1); INSERT INTO other.part VALUES (1, 1)");
            run(connection, "DELETE FROM other.lines; DELETE FROM other.part");
            restoring.restoreAll(connection);

            // Then
            assertThat(CatalogText.of(connection)).containsExactlyInAnyOrderElementsOf(before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void aRefusedObjectIsNamedAndTheRestComesBackAfterMending(int version) throws Exception {
        ConnectionSettings target = nastyDatabase(version);
        try (TargetSession session = TargetSession.open(target, "test")) {
            Connection connection = session.connection();
            List<String> before = CatalogText.of(connection);
            park(connection, LINES, session.silent());
            run(connection, "INSERT INTO other.lines (n, k1, k2) VALUES (1, 99, 'orphan')");

            // When
            assertThatThrownBy(() -> restoring.restoreAll(connection))
                    .isInstanceOfSatisfying(
                            MigrationException.class,
                            e -> {
                                assertThat(e.code()).isEqualTo(ErrorCode.RESTORE_FAILED);
                                assertThat(e.what())
                                        .contains("comp fk", "other.lines", "23503")
                                        .doesNotContain("orphan");
                                assertThat(e.remedy()).contains("ADD CONSTRAINT \"comp fk\"");
                            });
            run(connection, "DELETE FROM other.lines");
            restoring.restoreAll(connection);

            // Then
            assertThat(CatalogText.of(connection)).containsExactlyInAnyOrderElementsOf(before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void aMigrationGivenUpLeavesAnIncompleteForeignKeyNotValid(int version) throws Exception {
        ConnectionSettings target = nastyDatabase(version);
        try (TargetSession session = TargetSession.open(target, "test")) {
            Connection connection = session.connection();
            List<String> before = CatalogText.of(connection);
            park(connection, LINES, session.silent());
            run(connection, "INSERT INTO other.lines (n, k1, k2) VALUES (1, 99, 'orphan')");

            // When
            List<String> notes = restoring.restoreAllGivenUp(connection);

            // Then
            assertThat(notes).singleElement().asString().contains("comp fk", "VALIDATE CONSTRAINT");
            run(connection, "SET session_replication_role = origin");
            run(connection, "DELETE FROM other.lines");
            run(connection, "ALTER TABLE other.lines VALIDATE CONSTRAINT \"comp fk\"");
            assertThat(CatalogText.of(connection)).containsExactlyInAnyOrderElementsOf(before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void whatIsGoneWithAPartitionIsForgotten(int version) throws Exception {
        ConnectionSettings target = nastyDatabase(version);
        try (TargetSession session = TargetSession.open(target, "test")) {
            Connection connection = session.connection();
            park(connection, PART, session.silent());
            run(connection, "DROP TABLE other.part_2_1");
            run(connection, "ALTER TABLE other.part DETACH PARTITION other.part_1");

            // When
            List<String> notes = restoring.restoreAll(connection);

            // Then
            assertThat(notes).hasSize(2);
            assertThat(notes)
                    .anyMatch(note -> note.contains("trigger \"part_t\" of other.part_1 "))
                    .anyMatch(note -> note.contains("trigger \"part_t\" of other.part_2_1 "));
            assertThat(new ParkedObjects().all(connection)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void whatIsOfAColumnThatIsGoneIsForgotten(int version) throws Exception {
        ConnectionSettings target = nastyDatabase(version);
        try (TargetSession session = TargetSession.open(target, "test")) {
            Connection connection = session.connection();
            var stays = new TableName("other", "stays");
            run(
                    connection,
                    "CREATE TABLE other.rooms (id int PRIMARY KEY);"
                            + "CREATE TABLE other.stays (id int GENERATED ALWAYS AS IDENTITY, room int REFERENCES other.rooms, night int);"
                            + "ALTER TABLE other.stays ADD CONSTRAINT later CHECK (night > 0) NOT VALID");
            park(connection, stays, session.silent());
            run(
                    connection,
                    "ALTER TABLE other.stays DROP COLUMN id; ALTER TABLE other.stays RENAME room TO place;"
                            + "ALTER TABLE other.stays RENAME night TO day");

            // When
            List<String> notes = restoring.restoreAll(connection);

            // Then
            assertThat(notes)
                    .anyMatch(note -> note.contains("identity \"id\" of other.stays"))
                    .anyMatch(note -> note.contains("ADD CONSTRAINT \"stays_room_fkey\""))
                    .anyMatch(note -> note.contains("ADD CONSTRAINT \"later\""));
            assertThat(new ParkedObjects().all(connection)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void aForeignKeyToATableThatIsGoneIsForgotten(int version) throws Exception {
        ConnectionSettings target = nastyDatabase(version);
        try (TargetSession session = TargetSession.open(target, "test")) {
            Connection connection = session.connection();
            park(connection, LINES, session.silent());
            run(connection, "DROP TABLE \"Über \"\"Raum\"\"\".\"Bestell-Köpfe\" CASCADE");

            // When
            List<String> notes = restoring.restoreAll(connection);

            // Then
            assertThat(notes)
                    .singleElement()
                    .asString()
                    .contains("\"comp fk\" of other.lines", "ADD CONSTRAINT \"comp fk\"");
            assertThat(new ParkedObjects().all(connection)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void theTargetIsReadyForTheApplication(int version) throws Exception {
        ConnectionSettings target = nastyDatabase(version);
        try (TargetSession session = TargetSession.open(target, "test")) {
            Connection connection = session.connection();
            park(connection, GROUPED, session.silent());
            run(connection, "INSERT INTO other.grouped VALUES (1, 'a'), (2, 'b')");
            run(connection, "SELECT setval('other.serials_id_seq', 50)");

            // When
            List<String> notes =
                    new Finalising(restoring)
                            .finalise(
                                    connection,
                                    List.of(GROUPED),
                                    List.of(
                                            sequence("down", 40, true),
                                            sequence("Up Seq", 7, false),
                                            sequence("serials_id_seq", 9, true),
                                            sequence("gone", 1, true)));

            // Then
            assertThat(notes).singleElement().asString().contains("other.gone");
            assertThat(
                            text(
                                    connection,
                                    "SELECT nextval('other.down'), nextval('other.\"Up Seq\"'), nextval('other.serials_id_seq')"))
                    .isEqualTo("(37,7,51)");
            assertThat(text(connection, "SELECT a.n FROM other.a_top a")).isEqualTo("(6)");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void aSilencedForeignKeyThatIsBrokenIsFound(int version) throws Exception {
        ConnectionSettings target = nastyDatabase(version);
        try (TargetSession session = TargetSession.open(target, "test")) {
            Connection connection = session.connection();
            run(connection, "INSERT INTO other.unselected (x) VALUES (77)");

            // When Then
            assertThatThrownBy(() ->
                            new Finalising(restoring)
                                    .finalise(connection, List.of(LINES), List.of()))
                    .isInstanceOfSatisfying(
                            MigrationException.class,
                            e -> {
                                assertThat(e.code()).isEqualTo(ErrorCode.RESTORE_FAILED);
                                assertThat(e.what())
                                        .contains("other.unselected", "unselected_x_fkey");
                            });
        }
    }

    @Test
    void aSilencedPeriodThatIsNotCoveredIsFound() throws Exception {
        ConnectionSettings target = nastyDatabase(18);
        try (TargetSession session = TargetSession.open(target, "test")) {
            Connection connection = session.connection();
            var stays = new TableName("other", "stays");
            run(
                    connection,
                    "CREATE EXTENSION btree_gist SCHEMA public;"
                            + "CREATE TABLE other.rooms (id int, at int4range, PRIMARY KEY (id, at WITHOUT OVERLAPS));"
                            + "CREATE TABLE other.stays (room int, at int4range,"
                            + " FOREIGN KEY (room, PERIOD at) REFERENCES other.rooms (id, PERIOD at));"
                            + "INSERT INTO other.rooms VALUES (1, '[1,5)'), (1, '[5,9)');"
                            + "INSERT INTO other.stays VALUES (1, '[2,7)'), (NULL, '[1,2)'), (1, NULL)");
            var finalising = new Finalising(restoring);
            finalising.finalise(connection, List.of(stays), List.of());
            run(connection, "INSERT INTO other.stays VALUES (1, '[7,10)')");

            // When Then
            assertThatThrownBy(() -> finalising.finalise(connection, List.of(stays), List.of()))
                    .isInstanceOfSatisfying(
                            MigrationException.class,
                            e -> {
                                assertThat(e.code()).isEqualTo(ErrorCode.RESTORE_FAILED);
                                assertThat(e.what()).contains("other.stays", "stays_room_at_fkey");
                            });
        }
    }

    private static SequenceValue sequence(String name, long value, boolean called) {
        return new SequenceValue(new QualifiedName("other", name), value, called, null, false);
    }

    private void park(Connection connection, TableName table, boolean silent) throws SQLException {
        connection.setAutoCommit(false);
        parking.parkForLoad(connection, table, silent);
        connection.commit();
        connection.setAutoCommit(true);
    }

    private static ConnectionSettings nastyDatabase(int version) throws Exception {
        TargetServer server = SERVERS.computeIfAbsent(version, ParkingIT::start);
        ConnectionSettings target = server.newDatabase();
        try (Connection connection = target.open("test");
                InputStream sql =
                        Objects.requireNonNull(ParkingIT.class.getResourceAsStream("nasty.sql"))) {
            run(connection, new String(sql.readAllBytes(), StandardCharsets.UTF_8));
            connection.setAutoCommit(false);
            new Ledger("test").create(connection);
            connection.commit();
        }
        return target;
    }

    private static TargetServer start(int version) {
        try {
            return TargetServer.start(version);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static List<String> indexesOf(Connection connection, TableName table)
            throws SQLException {
        return List.of(
                        text(
                                        connection,
                                        "SELECT coalesce(string_agg(relname, ',' ORDER BY relname), '') FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = "
                                                + dev.godwit.postgres.Identifiers.literal(
                                                        table.quoted())
                                                + "::regclass")
                                .replaceAll("^\\(\"?|\"?\\)$", "")
                                .split(","))
                .stream()
                .filter(name -> !name.isEmpty())
                .toList();
    }

    private static String text(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT q::text FROM (" + query + ") q")) {
            row.next();
            return row.getString(1);
        }
    }

    private static void run(Connection connection, String sql) throws SQLException {
        Ddl.run(connection, sql);
    }
}
