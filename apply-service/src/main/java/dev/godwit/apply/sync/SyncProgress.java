// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Position;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.Sequences;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the target durably holds of the changes.
 *
 * @param applied all changes that are done: applied, settled below a snapshot, or compacted away
 * @param tables the same by target table
 * @param position every lane has reached it
 * @param commitMicros source commit time of the newest change that is done, microseconds since 1970
 * @param held the gate marker that the sync stands at, with what was read behind it
 * @param notes what the operator must know and nothing stops for
 */
public record SyncProgress(
        Counters applied,
        Map<TableName, Counters> tables,
        Position position,
        long commitMicros,
        Optional<Held> held,
        List<String> notes) {
    public SyncProgress {
        tables = Map.copyOf(tables);
        notes = List.copyOf(notes);
    }

    /**
     * The sync stands at a gate marker; nothing behind it is applied.
     *
     * @param changesBehind row changes read behind it: up to the final marker once that is read
     * @param sequences the source's sequences at this marker, once read
     * @param finalMarker the desired final marker, once read
     */
    public record Held(
            String marker,
            long changesBehind,
            Optional<Sequences> sequences,
            Optional<Final> finalMarker) {}

    /** A final marker in the log. */
    public record Final(String id, long finalLsn) {}
}
