// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.sync.DesiredMarkers;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.secret.PasswordSeal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What control wants of one database migration. */
record Desired(Migration migration, DatabaseMigration database) {
    String id() {
        return database.getId();
    }

    WantedPhase phase() {
        return database.getPhase();
    }

    /** Whether apply has anything to do, or to say. */
    boolean active() {
        return switch (phase()) {
            case RUN, CUT_OVER, FINALISE, RELEASE_SOURCE, RELEASE_TARGET, CANCEL -> true;
            case CHECK, COMPLETED, CANCELLED -> false;
        };
    }

    /** Whether pieces may still come. */
    boolean loading() {
        return switch (phase()) {
            case RUN, CUT_OVER, FINALISE, RELEASE_SOURCE -> true;
            case CHECK, RELEASE_TARGET, COMPLETED, CANCEL, CANCELLED -> false;
        };
    }

    /** Whether nothing of ours is to stay on the target. */
    boolean releasing() {
        return phase() == WantedPhase.CANCEL || phase() == WantedPhase.RELEASE_TARGET;
    }

    DesiredMarkers markers() {
        return new DesiredMarkers(
                Optional.ofNullable(database.getGateMarker()),
                Optional.ofNullable(database.getFinalMarker()));
    }

    /** Each target table, with the source tables whose rows it takes. */
    Map<TableName, Set<TableName>> tables() {
        var tables = new LinkedHashMap<TableName, Set<TableName>>();
        for (TableMapping mapping : database.getTables()) {
            tables.computeIfAbsent(
                            TableName.of(mapping.getTarget()), target -> new LinkedHashSet<>())
                    .add(TableName.of(mapping.getSource()));
        }
        return tables;
    }

    /** What the operator wants loaded anew, by target table. */
    Map<TableName, Integer> wishes() {
        var wishes = new LinkedHashMap<TableName, Integer>();
        for (TableMapping mapping : database.getTables()) {
            if (mapping.getWish() > 0) {
                wishes.merge(TableName.of(mapping.getTarget()), mapping.getWish(), Math::max);
            }
        }
        return wishes;
    }

    List<TableName> targets() {
        return List.copyOf(tables().keySet());
    }

    /** What is loaded: the target tables, and the large objects as if they were one more. */
    List<TableName> loads() {
        var loads = new ArrayList<TableName>(targets());
        if (database.getLargeObjects()) {
            loads.add(LargeObjects.NAME);
        }
        return List.copyOf(loads);
    }

    /**
     * How to reach the target database.
     *
     * @throws MigrationException KEYSET_WRONG if the password was sealed with another keyset
     */
    ConnectionSettings target(PasswordSeal seal) {
        return ConnectionSettings.of(
                migration.getTarget(), database.getTargetDatabase(), migration.getId(), seal);
    }
}
