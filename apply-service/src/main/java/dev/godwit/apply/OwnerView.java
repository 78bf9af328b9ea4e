// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.sync.SyncProgress;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.Failure;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What an owner knows of its migration at one moment.
 *
 * @param epoch of the changes partition in the ledger
 * @param finalisedFor the gate marker for which the target is finalised
 * @param indexing tables whose indexes are being built
 * @param failures of the load partitions' workers, wherever they run
 */
record OwnerView(
        long epoch,
        ApplyPhase phase,
        Optional<SyncProgress> progress,
        List<TableName> tables,
        List<AttemptRow> attempts,
        Set<TableName> indexing,
        Optional<String> finalisedFor,
        List<Failure> failures,
        List<String> notes) {
    OwnerView {
        tables = List.copyOf(tables);
        attempts = List.copyOf(attempts);
        indexing = Set.copyOf(indexing);
        failures = List.copyOf(failures);
        notes = List.copyOf(notes);
    }
}
