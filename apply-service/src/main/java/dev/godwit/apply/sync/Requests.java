// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.sql.SQLException;

/**
 * What other threads ask of the reader, done by it between two changes: to rest while the lanes
 * stand level, and to read the attempts anew.
 */
final class Requests {
    private final Rest rest;
    private final ChangesReader.Signals signals;
    private final LaneSet lanes;
    private final LaneSession owner;
    private final TableBook tables;
    private final Standing standing;

    Requests(ChangesReader.Parts parts, Standing standing) {
        this.rest = parts.rest();
        this.signals = parts.signals();
        this.lanes = parts.lanes();
        this.owner = parts.owner();
        this.tables = parts.tables();
        this.standing = standing;
    }

    void heed() throws SQLException, InterruptedException {
        if (rest.wanted()) {
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
