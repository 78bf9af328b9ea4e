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
import java.util.Locale;
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
    private final Role role;
    private final ConnectionSettings settings;

    /** Which of the two it is, and what its failures are called that pass by themselves. */
    enum Role {
        SOURCE(ErrorCode.SERVER_UNREACHABLE, ErrorCode.SOURCE_FAILED),
        TARGET(ErrorCode.TARGET_UNREACHABLE, ErrorCode.TARGET_FAILED);

        private final ErrorCode unreachable;
        private final ErrorCode failed;

        Role(ErrorCode unreachable, ErrorCode failed) {
            this.unreachable = unreachable;
            this.failed = failed;
        }
    }

    private Side(
            List<Connection> all, ServerVersion version, Role role, ConnectionSettings settings) {
        this.all = List.copyOf(all);
        this.free = new ArrayBlockingQueue<>(all.size(), false, all);
        this.threads =
                Executors.newFixedThreadPool(
                        all.size(), Thread.ofPlatform().daemon().name("compare-", 0).factory());
        this.version = version;
        this.role = role;
        this.settings = settings;
    }

    static Side open(Role role, ConnectionSettings settings, String applicationName, int workers) {
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
            return new Side(opened, Objects.requireNonNull(version), role, settings);
        } catch (SQLException e) {
            opened.forEach(Snapshot::closeQuietly);
            ErrorCode code = SqlStates.connecting(e);
            throw new MigrationException(
                    code == ErrorCode.SERVER_UNREACHABLE ? role.unreachable : code,
                    what(role, settings, e),
                    e);
        }
    }

    ServerVersion version() {
        return version;
    }

    /** To the digits that all versions print alike. */
    void roundFloats() {
        try {
            for (Connection connection : all) {
                Snapshot.roundFloats(connection);
            }
        } catch (SQLException e) {
            throw stopped(e);
        }
    }

    Optional<String> hashSample() throws InterruptedException {
        return on(connection -> RowHash.sample(connection, version));
    }

    List<ColumnText> columnsOf(TableMapping mapping) throws InterruptedException {
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

    /**
     * Runs it here.
     *
     * @throws MigrationException if the server refuses it, or does not answer
     */
    <T> T on(Job<T> job) throws InterruptedException {
        Connection connection = free.take();
        try {
            T result = job.run(connection);
            Snapshot.releaseLocks(connection);
            return result;
        } catch (SQLException e) {
            goOn(connection, e);
            throw stopped(e);
        } finally {
            free.add(connection);
        }
    }

    /** So that the next job on it is not refused because of this one. */
    private static void goOn(Connection connection, SQLException because) {
        try {
            Snapshot.releaseLocks(connection);
        } catch (SQLException e) {
            because.addSuppressed(e);
        }
    }

    /**
     * What a job gave.
     *
     * @throws MigrationException what the job threw
     */
    static <T> T result(Future<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof MigrationException failed) {
                throw failed;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private MigrationException stopped(SQLException e) {
        ErrorCode code = SqlStates.passing(e) ? role.failed : ErrorCode.COMPARISON_REFUSED;
        return new MigrationException(
                SqlStates.state(e).equals("42501") ? ErrorCode.PERMISSION_DENIED : code,
                what(role, settings, e),
                e);
    }

    private static String what(Role role, ConnectionSettings settings, SQLException e) {
        return "the %s %s could not be read for the comparison: %s"
                .formatted(role.name().toLowerCase(Locale.ROOT), settings, e.getMessage());
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
