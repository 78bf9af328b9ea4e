// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Counters;
import java.util.Map;
import java.util.Optional;

/**
 * What is committed to Kafka, at one instant. The counters are this snapshot's own.
 *
 * @param position of the newest change or marker in the log
 * @param flushableLsn the slot may be flushed up to here
 * @param tables captured changes by source table; a table without changes may be missing
 * @param marker id of the newest marker in the log
 * @param changesAtMarker row changes before it, of all tables
 * @param sequencesFor the marker whose Sequences are in the log
 */
public record Progress(
        Position position,
        long flushableLsn,
        Counters captured,
        Map<TableName, Counters> tables,
        Optional<String> marker,
        long changesAtMarker,
        Optional<String> sequencesFor) {
    public Progress {
        tables = Map.copyOf(tables);
    }

    /** Row changes in the log, a TRUNCATE counted once a table. */
    public long changes() {
        return captured.getInserts()
                + captured.getUpdates()
                + captured.getDeletes()
                + captured.getTruncates();
    }

    /**
     * Whether the log holds none or all of each of the source's transactions: where one ends, all
     * before its end may be flushed, and that lies behind its position.
     */
    public boolean betweenTransactions() {
        return position.ordinal() < 0
                || Long.compareUnsigned(position.finalLsn(), flushableLsn) < 0;
    }

    /** Row changes in the log behind the newest marker. */
    public long changesBehindMarker() {
        return marker.isPresent() ? changes() - changesAtMarker : 0;
    }
}
