// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.target.Restoring;
import dev.godwit.schemas.WantedPhase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Leaves the target as its own: what is parked comes back, and the ledger goes, last of all. */
final class TargetRelease {
    private final Connection connection;
    private final Ledger ledger;
    private final Restoring restoring;
    private final CrashPoints crashPoints;

    TargetRelease(
            Connection connection, Ledger ledger, Restoring restoring, CrashPoints crashPoints) {
        this.connection = connection;
        this.ledger = ledger;
        this.restoring = restoring;
        this.crashPoints = crashPoints;
    }

    /** Returns what the operator must know of it, one sentence each. */
    List<String> release(WantedPhase phase) throws SQLException {
        endLoads();
        var said = new ArrayList<String>();
        if (phase == WantedPhase.CANCEL) {
            said.addAll(restoring.restoreAllGivenUp(connection));
        } else if (phase == WantedPhase.RELEASE_TARGET) {
            // Nothing is parked any more; if a crash left something, it comes back here.
            said.addAll(restoring.restoreAll(connection));
        }
        connection.setAutoCommit(false);
        boolean gone = ledger.drop(connection);
        connection.commit();
        connection.setAutoCommit(true);
        crashPoints.reach(CrashPoint.AFTER_RELEASE);
        if (!gone) {
            said.add(
                    "The schema godwit stays on the target, since its table rejected holds changes that were skipped.");
        }
        return said;
    }

    /**
     * Load workers may run elsewhere and not have heard yet; their open pieces would hold the
     * tables.
     */
    private void endLoads() throws SQLException {
        try (PreparedStatement end =
                connection.prepareStatement(
                        """
                        SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
                         WHERE datname = pg_catalog.current_database()
                           AND application_name LIKE 'godwit ' || ?::text || ' load-%'\
                        """)) {
            end.setString(1, ledger.databaseId());
            end.execute();
        }
    }
}
