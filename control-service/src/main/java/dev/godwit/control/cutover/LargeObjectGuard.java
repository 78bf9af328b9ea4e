// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.assessment.TableSelection;
import dev.godwit.control.comparison.LargeObjectComparison;
import dev.godwit.control.comparison.LargeObjectDifferences;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.Migration;
import dev.godwit.schemas.TableReport;
import java.util.Optional;

/**
 * Whether the large objects of a database migration are still those that its load has copied. Those
 * of a source that had none at the start must still be none; where the selection leaves them out,
 * and no reload has taken them in, nobody looks.
 */
final class LargeObjectGuard {
    private final Connections connections;
    private final Migration migration;
    private final DatabaseMigration database;

    LargeObjectGuard(Connections connections, Migration migration, DatabaseMigration database) {
        this.connections = connections;
        this.migration = migration;
        this.database = database;
    }

    /** What the look at the bytes came to: why not, or what is proven. */
    record Verdict(Optional<Failure> refusal, Optional<TableReport> report) {
        static final Verdict NOTHING_TO_SAY = new Verdict(Optional.empty(), Optional.empty());
    }

    /**
     * Looks at their oids alone, which is quick: what was created or removed.
     *
     * @throws MigrationException if a side cannot be asked
     */
    Optional<Failure> look(String role) throws InterruptedException {
        return selected() ? refusal(comparison(role).ofNames()) : Optional.empty();
    }

    /**
     * Refuses to go on if some were created or removed.
     *
     * @throws MigrationException LARGE_OBJECTS_CHANGED
     */
    void require(String role) throws InterruptedException {
        Optional<Failure> refusal = look(role);
        if (refusal.isPresent()) {
            throw new MigrationException(ErrorCode.LARGE_OBJECTS_CHANGED, refusal.get().getWhat());
        }
    }

    /**
     * Compares every byte.
     *
     * @throws MigrationException if a side cannot be asked
     */
    Verdict compare(String role) throws InterruptedException {
        if (!selected()) {
            return Verdict.NOTHING_TO_SAY;
        }
        LargeObjectDifferences found = comparison(role).ofContents();
        return new Verdict(
                refusal(found),
                database.getLargeObjects() && found.none()
                        ? Optional.of(
                                new TableReport(
                                        LargeObjects.NAME.toAvro(),
                                        LargeObjects.NAME.toAvro(),
                                        found.objects(),
                                        found.objects(),
                                        true))
                        : Optional.empty());
    }

    private boolean selected() {
        return database.getLargeObjects()
                || TableSelection.selects(migration.getTablePatterns(), LargeObjects.NAME);
    }

    private LargeObjectComparison comparison(String role) {
        return new LargeObjectComparison(
                connections.source(migration, database),
                database.getLargeObjects()
                        ? Optional.of(connections.target(migration, database))
                        : Optional.empty(),
                "godwit %s %s".formatted(database.getId(), role));
    }

    private static Optional<Failure> refusal(LargeObjectDifferences found) {
        return found.none()
                ? Optional.empty()
                : Optional.of(
                        new Failure(
                                ErrorCode.LARGE_OBJECTS_CHANGED.name(),
                                found.what(),
                                ErrorCode.LARGE_OBJECTS_CHANGED.remedy()));
    }
}
