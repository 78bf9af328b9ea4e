// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.TableReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
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
     * @throws dev.godwit.postgres.MigrationException if a side could not be read
     */
    public List<TableReport> run(List<TableMapping> tables) throws InterruptedException {
        var byTarget = new TreeMap<TableName, List<TableMapping>>();
        for (TableMapping mapping : tables) {
            byTarget.computeIfAbsent(TableName.of(mapping.getTarget()), none -> new ArrayList<>())
                    .add(mapping);
        }
        int workers = workers(byTarget);
        try (Side from = Side.open(Side.Role.SOURCE, source, applicationName, workers);
                Side to = Side.open(Side.Role.TARGET, target, applicationName, workers)) {
            return compare(byTarget, from, to);
        }
    }

    private static List<TableReport> compare(
            Map<TableName, List<TableMapping>> byTarget, Side source, Side target)
            throws InterruptedException {
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
        TableReport await() throws InterruptedException {
            Digest expected = Digest.EMPTY;
            for (Future<Digest> part : ofSource) {
                expected = expected.plus(Side.result(part));
            }
            Digest found = Side.result(ofTarget);
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
}
