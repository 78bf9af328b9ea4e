// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import dev.godwit.standalone.api.ControlClient;
import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.RefusedException;
import dev.godwit.standalone.api.Trouble;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Takes one database through its cutover by the requests an operator would send: start, and, at
 * pending 0, apply; again whenever the gate has opened once more. It decides nothing: the server
 * refuses what is not safe.
 */
public final class CutoverDriver {
    private final ControlClient control;
    private final String migration;
    private final boolean fence;
    private final Follower follower;
    private boolean granted;
    private @Nullable String reopened;
    private @Nullable Trouble refusal;

    public CutoverDriver(
            ControlClient control, String migration, boolean fence, Follower follower) {
        this.control = control;
        this.migration = migration;
        this.fence = fence;
        this.follower = follower;
    }

    /** Sends the request that this state asks for, if any. */
    public void step(DatabaseStatus database) throws InterruptedException {
        noticeReopening(database);
        try {
            if (database.state().equals("ready_to_cutover") || lacksFence(database)) {
                control.startCutover(migration, database.name(), fence);
            } else if (mayApply(database)) {
                control.apply(migration, database.name());
                granted = true;
                follower.applied(database.name());
            }
        } catch (RefusedException e) {
            if (!e.conflict() && !e.passing()) {
                throw e;
            }
            refusal = e.trouble();
        }
    }

    /** Whether Apply stands granted. */
    public boolean granted() {
        return granted;
    }

    /** The newest reason why not, if a request was refused. */
    public Optional<Trouble> refusal() {
        return Optional.ofNullable(refusal);
    }

    /** A cutover that was begun without the fence gets it now. */
    private boolean lacksFence(DatabaseStatus database) {
        return fence
                && !granted
                && database.state().equals("cutting_over")
                && !database.fenceWanted();
    }

    private boolean mayApply(DatabaseStatus database) {
        return !granted
                && database.state().equals("cutting_over")
                && database.pendingChanges() == 0
                && (!fence || database.fenced());
    }

    private void noticeReopening(DatabaseStatus database) {
        String reason = database.reopened().orElse(null);
        if (granted && reason != null && !reason.equals(reopened)) {
            granted = false;
        }
        reopened = reason;
    }
}
