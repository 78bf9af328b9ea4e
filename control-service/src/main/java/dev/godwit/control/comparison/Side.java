// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** One side: its connections share one snapshot, a job takes whichever is free. */
final class Side implements AutoCloseable {
    private final BlockingQueue<Connection> free;
    private final List<Connection> all;
    private final ExecutorService threads;
    private final ServerVersion version;

    private Side(List<Connection> all, ServerVersion version) {
        this.all = List.copyOf(all);
        this.free = new ArrayBlockingQueue<>(all.size(), false, all);
        this.threads =
                Executors.newFixedThreadPool(
                        all.size(), Thread.ofPlatform().daemon().name("compare-", 0).factory());
        this.version = version;
    }

    static Side open(
            ConnectionSettings settings,
            String applicationName,
            ErrorCode unreachable,
            int workers) {
        var opened = new ArrayList<Connection>();
        try {
            ServerVersion version = null;
            String snapshot = "";
            for (int worker = 0; worker < workers; worker++) {
                Connection connection = settings.open(applicationName);
                opened.add(connection);
                version = ConnectionSettings.version(connection);
                snapshot = Snapshot.begin(connection, snapshot);
            }
            return new Side(opened, Objects.requireNonNull(version));
        } catch (SQLException e) {
            opened.forEach(Snapshot::closeQuietly);
            ErrorCode code = SqlStates.connecting(e);
            throw new MigrationException(
                    code == ErrorCode.SERVER_UNREACHABLE ? unreachable : code,
                    "%s could not be read for the comparison: %s"
                            .formatted(settings, e.getMessage()),
                    e);
        }
    }

    ServerVersion version() {
        return version;
    }

    /** To the digits that all versions print alike. */
    void roundFloats() throws SQLException {
        for (Connection connection : all) {
            Snapshot.roundFloats(connection);
        }
    }

    Optional<String> hashSample() throws SQLException, InterruptedException {
        return on(connection -> RowHash.sample(connection, version));
    }

    List<ColumnText> columnsOf(TableMapping mapping) throws SQLException, InterruptedException {
        List<ColumnText> all =
                on(connection ->
                        Snapshot.carriedColumns(
                                connection, version, TableName.of(mapping.getSource())));
        List<String> listed = mapping.getColumns();
        return listed.isEmpty()
                ? all
                : all.stream().filter(column -> listed.contains(column.name())).toList();
    }

    Future<Digest> digest(TableName table, Optional<String> filter, String rowText, RowHash hash) {
        return submit(connection -> Snapshot.digest(connection, table, filter, rowText, hash));
    }

    /** Runs it beside others; {@link #result} waits for it. */
    <T> Future<T> submit(Job<T> job) {
        return threads.submit(() -> on(job));
    }

    /** Runs it here. */
    <T> T on(Job<T> job) throws SQLException, InterruptedException {
        Connection connection = free.take();
        try {
            T result = job.run(connection);
            Snapshot.releaseLocks(connection);
            return result;
        } finally {
            free.add(connection);
        }
    }

    /** What a job gave. */
    static <T> T result(Future<T> future) throws InterruptedException, SQLException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SQLException failed) {
                throw failed;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** A side could not be read to the end. */
    static MigrationException stopped(SQLException e) {
        return new MigrationException(
                SqlStates.state(e).equals("42501")
                        ? ErrorCode.PERMISSION_DENIED
                        : ErrorCode.SOURCE_FAILED,
                "the comparison of source and target stopped: " + e.getMessage(),
                e);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        all.forEach(Snapshot::closeQuietly);
    }

    /** Reads something on a connection inside the side's snapshot. */
    interface Job<T> {
        T run(Connection connection) throws SQLException;
    }
}
