// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.Attempts;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.ledger.Partitions;
import dev.godwit.apply.target.TargetSession;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.TableEnd;
import dev.godwit.schemas.codec.SchemaBook;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A target database with its ledger, and the workers that one test runs on it. */
final class SyncTarget implements AutoCloseable {
    static final String ID = "abc";

    private final ConnectionSettings settings;
    private Connection connection;
    private final Ledger ledger = new Ledger(ID);
    private final List<RunningSync> workers = new ArrayList<>();
    private boolean silent = true;

    SyncTarget(ConnectionSettings settings) throws SQLException {
        this.settings = settings;
        this.connection = settings.open("test");
        ledger.create(connection);
    }

    SyncTarget run(String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String each : statements) {
                statement.execute(each);
            }
        }
        return this;
    }

    /** From here on workers are a role that cannot silence constraint triggers. */
    SyncTarget firing() {
        silent = false;
        return this;
    }

    /** After a crash of the server, once it answers again. */
    void reconnect() {
        org.awaitility.Awaitility.await()
                .ignoreExceptions()
                .until(() -> {
                    connection = settings.open("test");
                    return true;
                });
    }

    /** As if the table had been loaded as of this LSN. */
    SyncTarget loaded(String table, long snapshotLsn) throws SQLException {
        return loaded(table, 1, snapshotLsn);
    }

    SyncTarget loaded(String table, int number, long snapshotLsn) throws SQLException {
        var target = new TableName("public", table);
        var attempt = new Attempt(number, 1L);
        var attempts = new Attempts();
        attempts.grant(connection, target, attempt);
        attempts.ended(
                connection, new TableEnd(target.toAvro(), attempt, List.of(), 0L, snapshotLsn));
        attempts.loaded(connection, target, attempt);
        return this;
    }

    RunningSync start(ChangesLog log) throws SQLException {
        return start(log, settings(2));
    }

    static SyncSettings settings(int lanes) {
        return new SyncSettings(
                lanes, 1000, 1 << 20, 1 << 20, Duration.ofMillis(50), Duration.ofMillis(300));
    }

    RunningSync start(ChangesLog log, SyncSettings sync) throws SQLException {
        return start(log, sync, DesiredMarkers.NONE, CrashPoints.none());
    }

    RunningSync start(
            ChangesLog log, SyncSettings sync, DesiredMarkers desired, CrashPoints crashPoints)
            throws SQLException {
        return start(log, sync, desired, crashPoints, Map.of());
    }

    RunningSync start(
            ChangesLog log,
            SyncSettings sync,
            DesiredMarkers desired,
            CrashPoints crashPoints,
            Map<TableName, Set<TableName>> sources)
            throws SQLException {
        long epoch = new Partitions(ledger).take(connection, Ledger.CHANGES).epoch();
        var worker =
                ChangesWorker.start(
                        new Stream(ID, epoch, () -> sources),
                        sync,
                        name ->
                                silent
                                        ? TargetSession.open(settings, name).connection()
                                        : settings.open(name),
                        SchemaBook.ownOnly(),
                        desired,
                        crashPoints);
        var running = new RunningSync(worker, log);
        workers.add(running);
        return running;
    }

    /** The rows as sorted text, columns by bars. */
    List<String> rows(String table) throws SQLException {
        return query("SELECT t::text FROM " + table + " AS t ORDER BY 1");
    }

    List<String> query(String sql) throws SQLException {
        var rows = new ArrayList<String>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            while (row.next()) {
                rows.add(row.getString(1));
            }
        }
        return rows;
    }

    @Override
    public void close() throws SQLException {
        workers.forEach(RunningSync::close);
        connection.close();
    }
}
