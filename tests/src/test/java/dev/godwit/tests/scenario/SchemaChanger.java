// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.workload.random.Alterations.Alteration;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.postgresql.util.PSQLState;

/**
 * Changes tables of both sides under way, as an operator does: where the sync stops with
 * SCHEMA_CHANGED, the target gets the change too, and Retry.
 */
final class SchemaChanger {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int TRUNCATE_STREAMED = 11;
    private static final long BETWEEN_RETRIES_NANOS = 500_000_000;

    private final RunningMigration migration;
    private final Database source;
    private final Database target;
    private final Set<String> stopsAtAChange;
    private int stops;
    private int signals;

    SchemaChanger(RunningMigration migration, Database source, Database target) {
        this.migration = migration;
        this.source = source;
        this.target = target;
        // What 10 rewrites is loaded again, perhaps before the target has the same columns.
        this.stopsAtAChange =
                source.server().major() < TRUNCATE_STREAMED
                        ? Set.of("SCHEMA_CHANGED", "PIECE_REFUSED")
                        : Set.of("SCHEMA_CHANGED");
    }

    /** The table whose rows tell how far the sync is: no workload touches it. */
    static void prepare(Database... sides) {
        for (Database side : sides) {
            side.executeAs(Roles.MIGRATOR, "CREATE TABLE public.signal (number int PRIMARY KEY)");
        }
    }

    void change(Alteration alteration) {
        if (alteration.targetFirst()) {
            run(target, alteration.statement());
            run(source, alteration.statement());
        } else {
            run(source, alteration.statement());
            // What was written before is of the former shape, which the target must have until
            // then.
            int signal = signal();
            migration.await(
                    "the changes before, or a stop",
                    PATIENCE,
                    status -> stopped(status) || arrived(signal));
            // The signal's lane may be ahead of the others.
            long captured = migration.status().incoming();
            migration.await(
                    "the same in every lane, or a stop",
                    PATIENCE,
                    status -> stopped(status) || status.applied() >= captured);
            run(target, alteration.statement());
        }
        int signal = signal();
        migration.await("the changes behind", PATIENCE, status -> goesOn(status, signal));
    }

    /** How often the sync stopped. */
    int stops() {
        return stops;
    }

    private boolean goesOn(DatabaseStatus status, int signal) {
        if (stopped(status)) {
            stops++;
            migration.retry();
            LockSupport.parkNanos(BETWEEN_RETRIES_NANOS);
        }
        return arrived(signal);
    }

    private boolean stopped(DatabaseStatus status) {
        if (!status.state().equals("failed")) {
            return false;
        }
        assertThat(status.failureCode()).as(status::toString).isIn(stopsAtAChange);
        return true;
    }

    private int signal() {
        signals++;
        source.execute("INSERT INTO public.signal VALUES (%d)".formatted(signals));
        return signals;
    }

    private boolean arrived(int signal) {
        return target.number(
                        "SELECT count(*) FROM public.signal WHERE number = %d".formatted(signal))
                > 0;
    }

    /** Whoever holds the table's rows goes first. */
    private static void run(Database database, String statement) {
        while (true) {
            try {
                database.executeAs(Roles.MIGRATOR, statement);
                return;
            } catch (IllegalStateException e) {
                if (!(e.getCause() instanceof java.sql.SQLException refused)
                        || !PSQLState.DEADLOCK_DETECTED.getState().equals(refused.getSQLState())) {
                    throw e;
                }
            }
        }
    }
}
