// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Lanes;
import dev.godwit.apply.ledger.Lanes.Sum;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Lanes commit without waiting for the target's disk, so a crash of the target may take their
 * newest commits back. What it can no longer take back is what a transaction saw that has itself
 * been committed with synchronous_commit = on: that alone is reported, trimmed and gated on.
 */
final class DurablePosition implements AutoCloseable {
    private final Lanes ledger;
    private final Connection connection;
    private final AtomicLong commits = new AtomicLong(1);
    private long seen;
    private volatile @Nullable Sum sum;

    DurablePosition(Lanes ledger, Connection connection) throws SQLException {
        this.ledger = ledger;
        this.connection = connection;
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET synchronous_commit = on");
        }
        connection.setAutoCommit(false);
    }

    /** A lane has committed. */
    void committed() {
        commits.incrementAndGet();
    }

    /** Makes durable what is committed; without a commit since the last time it does nothing. */
    synchronized void advance() throws SQLException {
        long now = commits.get();
        if (now == seen) {
            return;
        }
        try {
            ledger.check(connection);
            Sum next = ledger.sum(connection);
            connection.commit();
            sum = next;
            seen = now;
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        }
    }

    Optional<Sum> sum() {
        return Optional.ofNullable(sum);
    }

    void abort() {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException gone) {
            // It is closed already.
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
