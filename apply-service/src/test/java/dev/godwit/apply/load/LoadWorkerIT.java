// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.server.TargetServer;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.codec.SchemaBook;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A piece is in the table if and only if it is in the ledger. */
class LoadWorkerIT {
    private static final TableName TABLE = new TableName("sch\"ema", "Täble 'x' \\ y");
    private static final Attempt FIRST = new Attempt(1, 5L);
    private static final Attempt SECOND = new Attempt(2, 5L);
    private static final Duration MOST = Duration.ofSeconds(30);
    private static TargetServer server;

    private ConnectionSettings target;
    private Connection connection;
    private final LoadLog log = new LoadLog(TABLE, List.of("id", "te\"xt"));

    @BeforeAll
    static void startServer() throws IOException {
        server = TargetServer.start(18);
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.close();
    }

    @BeforeEach
    void makeTable() throws SQLException {
        target = server.newDatabase();
        connection = target.open("test");
        run(
                "CREATE SCHEMA \"sch\"\"ema\"; CREATE TABLE "
                        + TABLE.quoted()
                        + " (id integer PRIMARY KEY, \"te\"\"xt\" text CONSTRAINT \"not bad\" CHECK (\"te\"\"xt\" <> 'bad'))");
        connection.setAutoCommit(false);
        new Ledger("abc").create(connection);
        new Attempts().grant(connection, TABLE, FIRST);
        connection.commit();
        connection.setAutoCommit(true);
    }

    @AfterEach
    void disconnect() throws SQLException {
        connection.close();
    }

    @Test
    void loadsPiecesAndTheEndOfTheTable() throws SQLException {
        log.piece(FIRST, 0, 0, "1\tone\n2\t\\N\n")
                .piece(FIRST, 0, 1, "3\t\\\\x\\ty\n")
                .piece(FIRST, 1, 0, "")
                .tableEnd(FIRST, List.of(2, 1));
        try (LoadWorker worker = start(CrashPoints.none())) {
            awaitDurable(worker, log.end());
        }
        assertThat(rows()).isEqualTo("(1,one) (2,) (3,\"\\\\x\ty\")");
        assertThat(attempt().state()).isEqualTo(AttemptRow.State.ENDED);
        assertThat(attempt().rows()).isEqualTo(3);
        assertThat(new Attempts().whole(connection, TABLE)).isTrue();
    }

    @Test
    void skipsAPieceThatIsAlreadyLoaded() throws SQLException {
        log.piece(FIRST, 0, 0, "1\tone\n")
                .piece(FIRST, 0, 0, "1\tone\n")
                .piece(FIRST, 0, 1, "2\ttwo\n");
        try (LoadWorker worker = start(CrashPoints.none())) {
            awaitDurable(worker, log.end());
        }
        assertThat(rows()).isEqualTo("(1,one) (2,two)");
    }

    @Test
    void cancelsAPieceWhoseSenderDiedAndTakesItAgain() throws SQLException {
        log.start(FIRST, 0, 0)
                .blocks(FIRST, 0, 0, "1\tone\n2\ttw")
                .piece(FIRST, 0, 0, "1\tone\n2\ttwo\n");
        try (LoadWorker worker = start(CrashPoints.none())) {
            awaitDurable(worker, log.end());
        }
        assertThat(rows()).isEqualTo("(1,one) (2,two)");
    }

    @Test
    void skipsOlderAttempts() throws SQLException {
        connection.setAutoCommit(false);
        new Attempts().grant(connection, TABLE, SECOND);
        connection.commit();
        connection.setAutoCommit(true);
        log.piece(FIRST, 0, 0, "1\told\n")
                .tableEnd(FIRST, List.of(1))
                .piece(SECOND, 0, 0, "1\tnew\n");
        try (LoadWorker worker = start(CrashPoints.none())) {
            awaitDurable(worker, log.end());
        }
        assertThat(rows()).isEqualTo("(1,new)");
        assertThat(attempt().state()).isEqualTo(AttemptRow.State.GRANTED);
    }

    @Test
    void breaksTheAttemptOnAWrongChecksum() throws SQLException {
        log.start(FIRST, 0, 0)
                .blocks(FIRST, 0, 0, "1\tone\n")
                .end(FIRST, 0, 0, "1\tone\n", 1)
                .piece(FIRST, 0, 1, "2\ttwo\n")
                .tableEnd(FIRST, List.of(2));
        try (LoadWorker worker = start(CrashPoints.none())) {
            awaitDurable(worker, log.end());
        }
        assertThat(rows()).isEmpty();
        assertThat(attempt().state()).isEqualTo(AttemptRow.State.BROKEN);
    }

    @Test
    void breaksTheAttemptOnAGap() throws SQLException {
        var whole =
                new LoadLog(TABLE, List.of("id", "te\"xt")).piece(FIRST, 0, 0, "1\tone\n2\ttwo\n");
        try (LoadWorker worker = start(CrashPoints.none())) {
            worker.accept(whole.from(0).stream().filter(message -> message.offset() != 2).toList());
            awaitDurable(worker, whole.end());
        }
        assertThat(rows()).isEmpty();
        assertThat(attempt().state()).isEqualTo(AttemptRow.State.BROKEN);
    }

    @Test
    void namesTheConstraintThatRefusesARowAndNeverTheRow() throws SQLException {
        log.piece(FIRST, 0, 0, "1\tone\n").piece(FIRST, 0, 1, "2\tbad\n");
        try (LoadWorker worker = start(CrashPoints.none())) {
            await().atMost(MOST).until(() -> worker.failure().isPresent());
            assertThat(worker.failure().orElseThrow().code()).isEqualTo(ErrorCode.PIECE_REFUSED);
            assertThat(worker.failure().orElseThrow().what())
                    .contains("not bad", "23514", TABLE.toString())
                    .doesNotContain("2\t", "(2,");
        }
        assertThat(new Partitions(new Ledger("abc")).failures(connection))
                .containsOnlyKeys("load-0");
        assertThat(rows()).isEqualTo("(1,one)");

        // When the operator has mended the target, and retried
        run("ALTER TABLE " + TABLE.quoted() + " DROP CONSTRAINT \"not bad\"");
        try (LoadWorker worker = start(CrashPoints.none())) {
            awaitDurable(worker, log.end());
        }
        assertThat(rows()).isEqualTo("(1,one) (2,bad)");
        assertThat(new Partitions(new Ledger("abc")).failures(connection)).isEqualTo(Map.of());
    }

    @Test
    void losesAndRepeatsNothingWhenItDiesBetweenCopyAndCommit() throws SQLException {
        log.piece(FIRST, 0, 0, "1\tone\n").piece(FIRST, 0, 1, "2\ttwo\n");
        var reached = new java.util.concurrent.atomic.AtomicInteger();
        CrashPoints dying =
                point -> {
                    if (point == CrashPoint.AFTER_COPY_BEFORE_COMMIT
                            && reached.incrementAndGet() == 2) {
                        endLoadSessions();
                    }
                };
        try (LoadWorker worker = start(dying)) {
            await().atMost(MOST).until(() -> worker.failure().isPresent());
            assertThat(worker.failure().orElseThrow().code().retry())
                    .isEqualTo(ErrorCode.Retry.AUTOMATIC);
        }
        assertThat(rows()).isEqualTo("(1,one)");
        try (LoadWorker worker = start(CrashPoints.none())) {
            awaitDurable(worker, log.end());
        }
        assertThat(rows()).isEqualTo("(1,one) (2,two)");
    }

    @Test
    void aNewOwnerEndsTheOldOneInTheMiddleOfAPiece() throws SQLException {
        log.start(FIRST, 0, 0).blocks(FIRST, 0, 0, "1\tone\n");
        try (LoadWorker old = start(CrashPoints.none())) {
            await().atMost(MOST)
                    .until(() -> count("SELECT count(*) FROM pg_stat_progress_copy") == 1);
            log.end(FIRST, 0, 0, "1\tone\n", 0);

            // When
            try (LoadWorker young = start(CrashPoints.none())) {
                awaitDurable(young, log.end());
                old.accept(log.from(log.end() - 1));
                await().atMost(MOST).until(() -> old.fenced() || old.failure().isPresent());
            }
        }
        assertThat(rows()).isEqualTo("(1,one)");
        assertThat(count("SELECT count(*) FROM godwit.piece")).isEqualTo(1);
    }

    @Test
    void rollsBackWhenTheNextBlockIsLateAndReadsThePieceAgain() throws SQLException {
        log.start(FIRST, 0, 0).blocks(FIRST, 0, 0, "1\tone\n2\t");
        var settings = new LoadSettings(1 << 20, Duration.ofMillis(200));
        try (LoadWorker worker =
                LoadWorker.start(
                        target, "abc", 0, SchemaBook.ownOnly(), settings, CrashPoints.none())) {
            awaitStart(worker);
            worker.accept(log.from(0));
            await().atMost(MOST)
                    .until(() -> count("SELECT count(*) FROM pg_stat_progress_copy") == 1);
            await().atMost(MOST)
                    .until(() ->
                            count(
                                            "SELECT count(*) FROM pg_locks WHERE relation = '"
                                                    + TABLE.quoted().replace("'", "''")
                                                    + "'::regclass")
                                    == 0);
            long late = log.end();
            log.blocksAfter(FIRST, 0, 0, "1\tone\n2\t", "two\n")
                    .end(FIRST, 0, 0, "1\tone\n2\ttwo\n", 0);

            // When
            worker.accept(log.from(late));
            await().atMost(MOST).until(() -> rewound(worker).isPresent());
            worker.accept(log.from(0));
            awaitDurable(worker, log.end());
        }
        assertThat(rows()).isEqualTo("(1,one) (2,two)");
    }

    private OptionalLong seen = OptionalLong.empty();

    private OptionalLong rewound(LoadWorker worker) {
        OptionalLong asked = worker.rewind();
        if (asked.isPresent()) {
            seen = asked;
        }
        return seen;
    }

    private LoadWorker start(CrashPoints crashPoints) {
        LoadWorker worker =
                LoadWorker.start(
                        target, "abc", 0, SchemaBook.ownOnly(), LoadSettings.DEFAULTS, crashPoints);
        awaitStart(worker);
        worker.accept(log.from(worker.startOffset().orElseThrow()));
        return worker;
    }

    private static void awaitStart(LoadWorker worker) {
        await().atMost(MOST).until(() -> worker.startOffset().isPresent());
    }

    private static void awaitDurable(LoadWorker worker, long offset) {
        await().atMost(MOST)
                .until(() ->
                        worker.failure().isPresent()
                                || worker.durableOffset().equals(OptionalLong.of(offset)));
        assertThat(worker.failure()).isEmpty();
    }

    private AttemptRow attempt() throws SQLException {
        return new Attempts().find(connection, TABLE).orElseThrow();
    }

    private String rows() throws SQLException {
        return text(
                "SELECT coalesce(string_agg(t::text, ' ' ORDER BY id), '') FROM "
                        + TABLE.quoted()
                        + " t");
    }

    private long count(String query) throws SQLException {
        return Long.parseLong(text(query));
    }

    private String text(String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    private void endLoadSessions() {
        try {
            run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'godwit abc load-%'");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void run(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
