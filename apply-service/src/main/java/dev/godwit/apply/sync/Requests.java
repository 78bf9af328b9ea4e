// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.sql.SQLException;
import java.time.Duration;

/**
 * What other threads ask of the reader, done by it between two changes: to rest while the lanes
 * stand level, and to read the attempts anew.
 */
final class Requests {
    /** How long a rest may be put off for the end of a transaction. */
    private static final Duration TRANSACTION_PATIENCE = Duration.ofSeconds(5);

    private final Rest rest;
    private final OpenTransaction transaction;
    private final ChangesReader.Signals signals;
    private final LaneSet lanes;
    private final LaneSession owner;
    private final TableBook tables;
    private final Standing standing;

    Requests(ChangesReader.Parts parts, Standing standing) {
        this.rest = parts.rest();
        this.transaction = parts.transaction();
        this.signals = parts.signals();
        this.lanes = parts.lanes();
        this.owner = parts.owner();
        this.tables = parts.tables();
        this.standing = standing;
    }

    /**
     * Between two changes. Within a transaction a rest waits for its end, if that comes soon: lanes
     * that commit before it would break the constraints that it defers.
     */
    void heed() throws SQLException, InterruptedException {
        heed(transaction.none() || rest.wantedFor(TRANSACTION_PATIENCE));
    }

    /** The same at once, where the reader waits for what others do. */
    void heedWaiting() throws SQLException, InterruptedException {
        heed(true);
    }

    private void heed(boolean mayRest) throws SQLException, InterruptedException {
        if (mayRest && rest.wanted()) {
            standing.level();
            lanes.barrier();
            rest.rest();
            readAttempts();
        }
        if (signals.takeAttemptsChanged()) {
            readAttempts();
        }
    }

    private void readAttempts() throws SQLException {
        owner.alone(connection -> {
            tables.readAttempts(connection);
            return true;
        });
    }
}
