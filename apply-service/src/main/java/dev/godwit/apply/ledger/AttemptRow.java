// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.ledger;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The newest granted load of one target table.
 *
 * @param pieces pieces of each chunk, as the TableEnd says; empty before it
 * @param rows rows of the pieces that are in
 * @param bytes bytes of the pieces that are in
 * @param rowsExpected rows as the TableEnd says; empty before it
 */
public record AttemptRow(
        TableName target,
        Attempt attempt,
        State state,
        List<Integer> pieces,
        long rows,
        long bytes,
        OptionalLong rowsExpected,
        OptionalLong snapshotLsn,
        Optional<Instant> loadedOn) {
    /** How far the attempt has come. */
    public enum State {
        GRANTED,
        /** A gap or a wrong checksum: it takes no more pieces, capture asks for the next. */
        BROKEN,
        /** The TableEnd is here. */
        ENDED,
        /** Whole, and its indexes stand: changes may be applied. */
        LOADED
    }

    public AttemptRow {
        pieces = List.copyOf(pieces);
    }
}
