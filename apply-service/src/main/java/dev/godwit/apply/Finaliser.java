// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.crash.CrashPoint;
import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.ledger.Ledger;
import dev.godwit.apply.sync.ChangesWorker;
import dev.godwit.apply.sync.SyncProgress;
import dev.godwit.apply.target.Finalising;
import dev.godwit.apply.target.Restoring;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.WantedPhase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finalises the target once per gate marker that control wants finalised, and takes that back when
 * the cutover is reopened. The ledger's facts tell a successor how far it was.
 */
final class Finaliser {
    private static final Logger LOG = LoggerFactory.getLogger(Finaliser.class);

    private final Connection connection;
    private final Granting granting;
    private final Finalising finalising;
    private final OwnerBoard board;
    private final String databaseId;
    private final CrashPoints crashPoints;
    private final FinaliseFacts facts = new FinaliseFacts();
    private final List<String> notes = new ArrayList<>();
    private Optional<String> finalisedFor = Optional.empty();

    Finaliser(
            Connection connection,
            Granting granting,
            Restoring restoring,
            OwnerBoard board,
            Ledger ledger,
            CrashPoints crashPoints) {
        this.connection = connection;
        this.granting = granting;
        this.finalising = new Finalising(restoring);
        this.board = board;
        this.databaseId = ledger.databaseId();
        this.crashPoints = crashPoints;
    }

    /** The gate marker for which the target is finalised. */
    Optional<String> finalisedFor() {
        return finalisedFor;
    }

    /** What the operator must know of it, one sentence each. */
    List<String> notes() {
        return notes;
    }

    /**
     * Finalises if control wants it, and the sync holds at the gate and has read the source's
     * sequences.
     *
     * @return whether it was done now
     */
    boolean finaliseIfWanted(Desired now, ChangesWorker sync) throws SQLException {
        Optional<String> gate = now.markers().gate();
        if (now.phase() != WantedPhase.FINALISE || gate.isEmpty() || finalisedFor.equals(gate)) {
            return false;
        }
        Optional<SyncProgress.Held> held = sync.progress().held();
        Optional<Sequences> sequences =
                held.filter(at -> at.marker().equals(gate.get()))
                        .flatMap(SyncProgress.Held::sequences);
        if (sequences.isEmpty()) {
            return false;
        }
        facts.begin(connection, gate.get());
        board.finalising();
        notes.clear();
        notes.addAll(
                finalising.finalise(connection, now.targets(), sequences.get().getSequences()));
        crashPoints.reach(CrashPoint.BEFORE_FINALISED);
        facts.done(connection, gate.get());
        finalisedFor = gate;
        LOG.atInfo().addKeyValue("migration", databaseId).log("the target is finalised");
        return true;
    }

    /**
     * What was restored for a marker that control has since given up is parked again before the
     * sync goes on.
     */
    void parkAgainIfReopened(Desired now) throws SQLException {
        finalisedFor = facts.done(connection);
        Optional<String> begun = facts.begun(connection);
        boolean reopened = begun.isPresent() && !begun.equals(now.markers().gate());
        if (reopened && !now.releasing()) {
            granting.parkAgain(now.targets(), facts);
            finalisedFor = Optional.empty();
            LOG.atInfo()
                    .addKeyValue("migration", databaseId)
                    .log("the cutover was reopened: parked again");
        }
    }
}
