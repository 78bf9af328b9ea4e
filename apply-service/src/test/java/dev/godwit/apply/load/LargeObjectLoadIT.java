// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.server.TargetServer;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.codec.SchemaBook;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Parts of large objects become whole ones, and never part of one that is not ours. */
class LargeObjectLoadIT {
    private static final Attempt FIRST = new Attempt(1, 5L);
    private static final Duration MOST = Duration.ofSeconds(30);
    private static TargetServer server;

    private ConnectionSettings target;
    private Connection connection;
    private final LoadLog log =
            new LoadLog(LargeObjects.NAME, List.of("owner", "object", "start", "content"));

    @BeforeAll
    static void startServer() throws IOException {
        server = TargetServer.start(18);
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.close();
    }

    @BeforeEach
    void grant() throws SQLException {
        target = server.newDatabase();
        connection = target.open("test");
        run(
                "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cl\"erk ''s') THEN CREATE ROLE \"cl\"\"erk 's\"; END IF; END $$");
        connection.setAutoCommit(false);
        new Ledger("abc").create(connection);
        new Attempts().grant(connection, LargeObjects.NAME, FIRST);
        connection.commit();
        connection.setAutoCommit(true);
    }

    @AfterEach
    void disconnect() throws SQLException {
        connection.close();
    }

    @Test
    void makesThemWithTheirOwnersOfPartsInSeveralPieces() throws SQLException {
        log.piece(FIRST, 0, 0, "cl\"erk 's\t7\t0\t\\\\x61\nnobody here\t8\t0\t\\\\x\n")
                .piece(
                        FIRST,
                        0,
                        1,
                        "cl\"erk 's\t7\t5\t\\\\x62\ncl\"erk 's\t4000000000\t0\t\\\\x63\n")
                .piece(FIRST, 0, 0, "cl\"erk 's\t7\t0\t\\\\x61\nnobody here\t8\t0\t\\\\x\n");

        try (LoadWorker worker = start()) {
            awaitDurable(worker, log.end());
        }

        assertThat(objects())
                .isEqualTo(
                        "7 cl\"erk 's \\x610000000062; 8 %s \\x; 4000000000 cl\"erk 's \\x63"
                                .formatted(target.user()));
        assertThat(text("SELECT count(*) FROM pg_class WHERE relname = 'godwit_large_objects'"))
                .isEqualTo("0");
    }

    @Test
    void refusesAnOidThatIsThereAndLeavesItAsItIs() throws SQLException {
        run("SELECT lo_from_bytea(7, 'foreign')");
        log.piece(FIRST, 0, 0, "cl\"erk 's\t6\t0\t\\\\x61\ncl\"erk 's\t7\t0\t\\\\x62\n");

        try (LoadWorker worker = start()) {
            await().atMost(MOST).until(() -> worker.failure().isPresent());
            assertThat(worker.failure().orElseThrow().code()).isEqualTo(ErrorCode.PIECE_REFUSED);
        }

        assertThat(objects()).isEqualTo("7 %s \\x666f726569676e".formatted(target.user()));
    }

    private String objects() throws SQLException {
        return text(
                "SELECT coalesce(string_agg(oid || ' ' || pg_get_userbyid(lomowner) || ' ' || lo_get(oid), '; ' ORDER BY oid), '') FROM pg_largeobject_metadata");
    }

    private LoadWorker start() {
        LoadWorker worker =
                LoadWorker.start(
                        target,
                        "abc",
                        0,
                        SchemaBook.ownOnly(),
                        LoadSettings.DEFAULTS,
                        CrashPoints.none());
        await().atMost(MOST).until(() -> worker.startOffset().isPresent());
        worker.accept(log.from(worker.startOffset().orElseThrow()));
        return worker;
    }

    private static void awaitDurable(LoadWorker worker, long offset) {
        await().atMost(MOST)
                .until(() ->
                        worker.failure().isPresent()
                                || worker.durableOffset().equals(OptionalLong.of(offset)));
        assertThat(worker.failure()).isEmpty();
    }

    private String text(String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    private void run(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
