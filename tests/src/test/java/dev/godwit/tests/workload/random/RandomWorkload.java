// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import dev.godwit.postgres.Identifiers;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.workload.Application;
import dev.godwit.tests.workload.random.RandomTransaction.Guarded;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The random transactions of one seed as an application. What the server refuses because of other
 * rows or sessions is rolled back and counted; anything else that it refuses is a mistake of this
 * package.
 */
public final class RandomWorkload implements Application {
    private static final int SHOWN = 2_000;

    /**
     * Violated constraints, rows that a statement meets twice, a TRUNCATE before a deferred check.
     */
    private static final Set<String> REFUSALS = Set.of("21", "23", "27", "55006");

    /** Conflicts of sessions, the fence, a lost connection: the transaction is over. */
    private static final Set<String> PASSED_ON = Set.of("40", "08", "57P", "25006");

    /** What is prepared outlives other sessions' transactions, and a look of capture's. */
    private static final long PREPARED_NANOS = 30_000_000;

    private final RandomSchema schema;
    private final long seed;
    private final int major;
    private final AtomicLong statements = new AtomicLong();
    private final AtomicLong prepared = new AtomicLong();
    private volatile boolean inTwoPhases = true;
    private final Map<String, Long> refused = new ConcurrentHashMap<>();

    public RandomWorkload(RandomSchema schema, long seed, int major) {
        this.schema = schema;
        this.seed = seed;
        this.major = major;
    }

    @Override
    public Roles role() {
        return Roles.MIGRATOR;
    }

    @Override
    public Session open(Connection connection, Random random) {
        var transactions = new RandomTransactions(new Dice(random), major, schema.tables());
        return () -> run(connection, transactions.next());
    }

    /** Writes the rows that are there before the migration begins. */
    public void fill(Database database, int rows) {
        Dice dice = Dice.of(~seed);
        try (Connection connection = database.openAs(role())) {
            for (RandomTable table : schema.tables()) {
                var drawn = new RowStatements(dice, major, table);
                for (int i = 0; i < rows; i++) {
                    for (Step step : drawn.fill(50)) {
                        alone(connection, step);
                    }
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException("seed " + seed, e);
        }
    }

    private void alone(Connection connection, Step step) throws SQLException {
        try {
            step.run(connection);
        } catch (SQLException e) {
            count(e, step);
        }
    }

    private long run(Connection connection, RandomTransaction transaction) throws SQLException {
        long rows = 0;
        for (Guarded each : transaction.steps()) {
            if (each.guarded()) {
                rows += guarded(connection, each.step());
                continue;
            }
            try {
                rows += counted(connection, each.step());
            } catch (SQLException e) {
                count(e, each.step());
                return ROLL_BACK;
            }
        }
        if (transaction.prepared() && inTwoPhases) {
            return endInTwoPhases(connection, transaction.kept()) ? rows : ROLL_BACK;
        }
        return transaction.kept() ? rows : ROLL_BACK;
    }

    /** Returns whether its changes stand. */
    private boolean endInTwoPhases(Connection connection, boolean kept) throws SQLException {
        String gid = Identifiers.literal("it's " + seed + " " + prepared.incrementAndGet());
        Step prepare = new Step.Sql("PREPARE TRANSACTION " + gid);
        try {
            prepare.run(connection);
        } catch (SQLException e) {
            count(e, prepare);
            return false;
        }
        // No transaction is open now, and none may be when it is ended.
        connection.setAutoCommit(true);
        LockSupport.parkNanos(PREPARED_NANOS);
        new Step.Sql((kept ? "COMMIT" : "ROLLBACK") + " PREPARED " + gid).run(connection);
        connection.setAutoCommit(false);
        return kept;
    }

    private long guarded(Connection connection, Step step) throws SQLException {
        new Step.Sql("SAVEPOINT guard").run(connection);
        try {
            long rows = counted(connection, step);
            new Step.Sql("RELEASE SAVEPOINT guard").run(connection);
            return rows;
        } catch (SQLException e) {
            count(e, step);
            new Step.Sql("ROLLBACK TO SAVEPOINT guard").run(connection);
            return 0;
        }
    }

    private long counted(Connection connection, Step step) throws SQLException {
        statements.incrementAndGet();
        return step.run(connection);
    }

    /** Throws what is no refusal of this step alone. */
    private void count(SQLException e, Step step) throws SQLException {
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        if (PASSED_ON.stream().anyMatch(state::startsWith)) {
            throw e;
        }
        if (REFUSALS.stream().anyMatch(state::startsWith)) {
            refused.merge(state, 1L, Long::sum);
            return;
        }
        String text = step.toString();
        throw new IllegalStateException(
                "seed %d: %s".formatted(seed, text.substring(0, Math.min(SHOWN, text.length()))),
                e);
    }

    /** From now on every transaction ends with its session: what is prepared outlives the fence. */
    public void endWithTheirSessions() {
        inTwoPhases = false;
    }

    @Override
    public String toString() {
        return "%d statements, %d transactions in two phases, refused %s"
                .formatted(statements.get(), prepared.get(), new TreeMap<>(refused));
    }
}
