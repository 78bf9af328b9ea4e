// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.load.Selection;
import dev.godwit.capture.source.Carried;
import dev.godwit.capture.source.TargetNames;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.secret.PasswordSeal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What control wants of one database migration. */
record Desired(Migration migration, DatabaseMigration database) {
    /** A marker that control has asked for. */
    record WantedMarker(MarkerKind kind, String id) {}

    String id() {
        return database.getId();
    }

    WantedPhase phase() {
        return database.getPhase();
    }

    /** The newest marker asked for. */
    Optional<WantedMarker> marker() {
        Optional<WantedMarker> last =
                Optional.ofNullable(database.getFinalMarker())
                        .map(id -> new WantedMarker(MarkerKind.FINAL, id));
        return last.or(() -> gate().map(id -> new WantedMarker(MarkerKind.GATE, id)));
    }

    Optional<String> gate() {
        return Optional.ofNullable(database.getGateMarker());
    }

    /** The source tables of each target table. */
    private Map<TableName, List<TableName>> sources() {
        var sources = new LinkedHashMap<TableName, List<TableName>>();
        for (TableMapping mapping : database.getTables()) {
            sources.computeIfAbsent(TableName.of(mapping.getTarget()), target -> new ArrayList<>())
                    .add(TableName.of(mapping.getSource()));
        }
        return sources;
    }

    /**
     * What is loaded: the source tables of each target table, and the large objects as if they were
     * one more.
     */
    Map<TableName, List<TableName>> loads() {
        Map<TableName, List<TableName>> loads = sources();
        if (database.getLargeObjects()) {
            loads.put(LargeObjects.NAME, List.of(LargeObjects.NAME));
        }
        return loads;
    }

    /** The target table of each source table. */
    Map<TableName, TableName> targets() {
        var targets = new LinkedHashMap<TableName, TableName>();
        for (TableMapping mapping : database.getTables()) {
            targets.put(TableName.of(mapping.getSource()), TableName.of(mapping.getTarget()));
        }
        return Map.copyOf(targets);
    }

    /** What travels of the source tables of which not all does. */
    Map<TableName, Carried> carried() {
        var carried = new LinkedHashMap<TableName, Carried>();
        for (TableMapping mapping : database.getTables()) {
            var part =
                    new Carried(
                            Optional.ofNullable(mapping.getFilter()),
                            Set.copyOf(mapping.getColumns()));
            if (!part.equals(Carried.ALL)) {
                carried.put(TableName.of(mapping.getSource()), part);
            }
        }
        return Map.copyOf(carried);
    }

    /** All that a load needs to know of it. */
    Selection selection() {
        var wishes = new LinkedHashMap<TableName, Integer>();
        for (TableMapping mapping : database.getTables()) {
            wishes.merge(TableName.of(mapping.getTarget()), mapping.getWish(), Math::max);
        }
        wishes.put(LargeObjects.NAME, database.getLargeObjectsWish());
        return new Selection(
                sources(), carried(), wishes, database.getWishes(), database.getLargeObjects());
    }

    TargetNames targetNames() {
        return new TargetNames(database.getTables(), database.getRules());
    }

    /**
     * How to reach the source database.
     *
     * @throws MigrationException KEYSET_WRONG if the password was sealed with another keyset
     */
    ConnectionSettings source(PasswordSeal seal) {
        return ConnectionSettings.of(
                migration.getSource(), database.getSourceDatabase(), migration.getId(), seal);
    }
}
