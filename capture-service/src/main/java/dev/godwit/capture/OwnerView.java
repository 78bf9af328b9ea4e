// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import dev.godwit.capture.load.TableProgress;
import dev.godwit.capture.publish.Progress;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.CapturePhase;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How one owner stands, for its status.
 *
 * @param progress empty when the topics are gone: nothing more is told but the phase
 * @param wishesSeen the newest of the operator's wishes that the phase takes into account
 * @param sources the source tables of each target table
 * @param tables by target table
 */
record OwnerView(
        long epoch,
        CapturePhase phase,
        int retriesSeen,
        Optional<MigrationException> failure,
        List<String> waitingFor,
        Optional<Progress> progress,
        long capturedLsn,
        long uncapturedWalBytes,
        Optional<Instant> capturedUntil,
        Optional<Instant> fencedOn,
        int wishesSeen,
        Map<TableName, List<TableName>> sources,
        Map<TableName, TableProgress> tables) {}
