// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.TableReport;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Compares the rows of all tables, each side in one repeatable-read snapshot, several tables side
 * by side. It holds no lock beyond ACCESS SHARE.
 */
public final class Comparison {
    private static final int WORKERS_MOST = 4;
    private static final int FLOATS_PRINT_SHORTEST = 12;

    private final ConnectionSettings source;
    private final ConnectionSettings target;
    private final String applicationName;

    public Comparison(
            ConnectionSettings source, ConnectionSettings target, String applicationName) {
        this.source = source;
        this.target = target;
        this.applicationName = applicationName;
    }

    /**
     * One report for each target table.
     *
     * @throws MigrationException if a side could not be read
     */
    public List<TableReport> run(List<TableMapping> tables) throws InterruptedException {
        var byTarget = new TreeMap<TableName, List<TableMapping>>();
        for (TableMapping mapping : tables) {
            byTarget.computeIfAbsent(TableName.of(mapping.getTarget()), none -> new ArrayList<>())
                    .add(mapping);
        }
        try (Side sourceSide =
                        Side.open(
                                source,
                                applicationName,
                                ErrorCode.SERVER_UNREACHABLE,
                                workers(byTarget));
                Side targetSide =
                        Side.open(
                                target,
                                applicationName,
                                ErrorCode.TARGET_UNREACHABLE,
                                workers(byTarget))) {
            return compare(byTarget, sourceSide, targetSide);
        } catch (SQLException e) {
            throw new MigrationException(
                    SqlStates.state(e).equals("42501")
                            ? ErrorCode.PERMISSION_DENIED
                            : ErrorCode.SOURCE_FAILED,
                    "the comparison of source and target stopped: " + e.getMessage(),
                    e);
        }
    }

    private static List<TableReport> compare(
            Map<TableName, List<TableMapping>> byTarget, Side source, Side target)
            throws InterruptedException, SQLException {
        boolean floatsAsBytes = prints(source.version()) != prints(target.version());
        if (floatsAsBytes) {
            source.roundFloats();
            target.roundFloats();
        }
        RowHash hash = RowHash.between(source.hashSample(), target.hashSample());
        var rows = new ArrayList<PendingReport>();
        for (Map.Entry<TableName, List<TableMapping>> unit : byTarget.entrySet()) {
            String rowText =
                    ColumnText.ofRow(source.columnsOf(unit.getValue().getFirst()), floatsAsBytes);
            var ofSource =
                    unit.getValue().stream()
                            .map(mapping ->
                                    source.digest(
                                            TableName.of(mapping.getSource()),
                                            Optional.ofNullable(mapping.getFilter()),
                                            rowText,
                                            hash))
                            .toList();
            rows.add(
                    new PendingReport(
                            unit.getKey(),
                            unit.getValue(),
                            ofSource,
                            target.digest(unit.getKey(), Optional.empty(), rowText, hash)));
        }
        var reports = new ArrayList<TableReport>();
        for (PendingReport row : rows) {
            reports.add(row.await());
        }
        return List.copyOf(reports);
    }

    private static boolean prints(ServerVersion version) {
        return version.atLeast(FLOATS_PRINT_SHORTEST);
    }

    private static int workers(Map<TableName, ?> tables) {
        return Math.clamp(tables.size(), 1, WORKERS_MOST);
    }

    private record PendingReport(
            TableName target,
            List<TableMapping> sources,
            List<Future<Digest>> ofSource,
            Future<Digest> ofTarget) {
        TableReport await() throws InterruptedException, SQLException {
            Digest expected = Digest.EMPTY;
            for (Future<Digest> part : ofSource) {
                expected = expected.plus(result(part));
            }
            Digest found = result(ofTarget);
            TableMapping first = sources.getFirst();
            return new TableReport(
                    sources.size() == 1
                            ? first.getSource()
                            : Objects.requireNonNullElse(first.getRoot(), first.getTarget()),
                    target.toAvro(),
                    expected.rows(),
                    found.rows(),
                    expected.equals(found));
        }
    }

    private static Digest result(Future<Digest> future) throws InterruptedException, SQLException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SQLException failed) {
                throw failed;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** One side: its connections share one snapshot, a job takes whichever is free. */
    private static final class Side implements AutoCloseable {
        private final java.util.concurrent.BlockingQueue<Connection> free;
        private final List<Connection> all;
        private final ExecutorService threads;
        private final ServerVersion version;

        private Side(List<Connection> all, ServerVersion version) {
            this.all = List.copyOf(all);
            this.free = new java.util.concurrent.ArrayBlockingQueue<>(all.size(), false, all);
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
                return new Side(opened, java.util.Objects.requireNonNull(version));
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

        Future<Digest> digest(
                TableName table, Optional<String> filter, String rowText, RowHash hash) {
            Callable<Digest> job =
                    () ->
                            on(connection ->
                                    Snapshot.digest(connection, table, filter, rowText, hash));
            return threads.submit(job);
        }

        private <T> T on(Job<T> job) throws SQLException, InterruptedException {
            Connection connection = free.take();
            try {
                T result = job.run(connection);
                Snapshot.releaseLocks(connection);
                return result;
            } finally {
                free.add(connection);
            }
        }

        @Override
        public void close() {
            threads.shutdownNow();
            all.forEach(Snapshot::closeQuietly);
        }

        private interface Job<T> {
            T run(Connection connection) throws SQLException;
        }
    }
}
