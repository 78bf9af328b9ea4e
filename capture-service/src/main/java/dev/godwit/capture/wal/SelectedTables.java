// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.capture.source.Carried;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Routes by the oids that were recorded when the stream began, so that a renamed table's rows go
 * where they went before. Where none were recorded names must do, and an unknown one stops the
 * stream: it may be a selected table that was renamed.
 */
public final class SelectedTables implements TableRouting {
    private final Map<TableName, TableName> targets;
    private final Map<TableName, Carried> carried;
    private final Map<TableName, Long> oids;
    private final Map<Long, Route> routes = new HashMap<>();

    /**
     * @param targets the target table of each source table
     * @param carried of source tables of which not all travels
     * @param oids of the source tables, recorded; all or none
     */
    public SelectedTables(
            Map<TableName, TableName> targets,
            Map<TableName, Carried> carried,
            Map<TableName, Long> oids) {
        this.targets = Map.copyOf(targets);
        this.carried = Map.copyOf(carried);
        this.oids = Map.copyOf(oids);
        oids.forEach((source, oid) -> {
            TableName target = targets.get(source);
            if (target != null) {
                routes.put(oid, route(source, target));
            }
        });
    }

    @Override
    public Optional<Route> route(long oid, TableName now) {
        if (!oids.isEmpty()) {
            return Optional.ofNullable(routes.get(oid));
        }
        TableName target = targets.get(now);
        if (target == null) {
            throw new MigrationException(
                    ErrorCode.SCHEMA_CHANGED,
                    "table %s is published for this migration, but not selected".formatted(now),
                    "If it is a selected table under another name, rename it back; if it was added to the publication, drop it from there; then retry.",
                    null);
        }
        return Optional.of(route(now, target));
    }

    private Route route(TableName source, TableName target) {
        return new Route(source, target, carried.getOrDefault(source, Carried.ALL));
    }

    /** A selected table's name now belongs to a table that the stream does not know. */
    public static MigrationException another(TableName name) {
        return new MigrationException(
                ErrorCode.SCHEMA_CHANGED,
                "table %s is another one than when the migration began: its changes are not captured"
                        .formatted(name),
                "If tables were renamed, rename them back and retry; otherwise cancel this migration and start a fresh one.",
                null);
    }

    @Override
    public Map<TableName, Long> selected() {
        return oids;
    }
}
