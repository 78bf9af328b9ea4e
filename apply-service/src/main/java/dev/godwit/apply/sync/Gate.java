// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Facts;
import dev.godwit.apply.ledger.Lanes.Step;
import dev.godwit.apply.ledger.Position;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.Sequences;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/**
 * Holds the sync at the gate marker that control wants, for as long as it wants it, and notes what
 * is read behind. The ledger remembers the hold.
 */
final class Gate {
    private final SyncSettings settings;
    private final Inbox inbox;
    private final ChangesReader.Signals signals;
    private final LaneSet lanes;
    private final LaneSession owner;
    private final DurablePosition durable;
    private final Standing standing;
    private final Requests requests;
    private final Facts facts = new Facts();

    Gate(ChangesReader.Parts parts, Standing standing, Requests requests) {
        this.settings = parts.settings();
        this.inbox = parts.inbox();
        this.signals = parts.signals();
        this.lanes = parts.lanes();
        this.owner = parts.owner();
        this.durable = parts.durable();
        this.standing = standing;
        this.requests = requests;
    }

    /** The hold that the ledger remembers. */
    Optional<Hold> remembered(Connection connection) throws SQLException {
        return facts.get(connection, Hold.FACT).map(Hold::parse);
    }

    /** Holds where an earlier worker held; before the first record. */
    void resume(Optional<Hold> remembered) {
        remembered.ifPresent(standing::holdAt);
        signals.held(standing.hold());
    }

    /** Goes on from the marker once control wants it no more. */
    void releaseIfGivenUp() throws SQLException {
        Hold held = standing.hold();
        if (held != null && !signals.desired().gate().equals(Optional.of(held.marker()))) {
            release(held);
        }
    }

    private void release(Hold held) throws SQLException {
        owner.alone(connection -> {
            facts.remove(connection, Hold.FACT);
            return true;
        });
        standing.holdNoMore();
        signals.held(null);
        standing.backTo(held);
        inbox.rewindTo(held.offset());
    }

    /** Takes the sequences, which are of use only to a sync that holds. */
    void sequences(Sequences read) {
        Hold held = standing.hold();
        if (held != null) {
            held.behind(read);
        }
    }

    /**
     * Passes a marker, or holds at it.
     *
     * @throws MigrationException COUNT_MISMATCH if the target has not counted what the log has
     *     before the marker
     */
    void marker(Marker marker, long at) throws SQLException, InterruptedException {
        Hold held = standing.hold();
        if (held != null) {
            if (marker.getKind() == MarkerKind.FINAL) {
                held.behind(marker);
            }
            return;
        }
        var stands = new Position(marker.getFinalLsn(), marker.getOrdinal());
        if (stands.compareTo(standing.position()) <= 0 || lanes.anyDone(stands)) {
            return;
        }
        if (marker.getKind() == MarkerKind.GATE) {
            holdIfWanted(marker, stands, at);
        }
        standing.passed(stands);
    }

    private void holdIfWanted(Marker marker, Position stands, long at)
            throws SQLException, InterruptedException {
        standing.level();
        lanes.barrier();
        long deadline = System.nanoTime() + settings.gatePatience().toNanos();
        while (signals.desired().gate().isEmpty() && deadline - System.nanoTime() > 0) {
            inbox.awaitSignal(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            requests.heedWaiting();
        }
        if (!signals.desired().gate().equals(Optional.of(marker.getId()))) {
            return;
        }
        durable.committed();
        durable.advance();
        long applied = durable.sum().map(sum -> total(sum.applied())).orElse(0L);
        if (applied != marker.getChangesBefore()) {
            throw new MigrationException(
                    ErrorCode.COUNT_MISMATCH,
                    "at marker %s the log has %d changes, the target counts %d"
                            .formatted(marker.getId(), marker.getChangesBefore(), applied));
        }
        var next = new Hold(marker.getId(), at, stands);
        owner.level(
                new Step(stands, at, marker.getCommitMicros()),
                new Tallies(),
                lanes.size(),
                connection -> facts.put(connection, Hold.FACT, next.fact()));
        durable.committed();
        durable.advance();
        standing.holdAt(next);
        signals.held(next);
    }

    private static long total(Counters counters) {
        return counters.getInserts()
                + counters.getUpdates()
                + counters.getDeletes()
                + counters.getTruncates();
    }
}
