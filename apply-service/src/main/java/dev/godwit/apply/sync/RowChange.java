// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Position;
import dev.godwit.schemas.Operation;

/**
 * One change of one row, in the columns of its target table.
 *
 * @param old what finds the row: the key's cells before the change (or all cells of a table without
 *     a key)
 * @param after the new row; for a delete the same as old
 * @param hash of table and old key, stable over processes
 * @param keyChange the update gives the row another key
 */
record RowChange(
        RowShape shape,
        Operation operation,
        Position position,
        long offset,
        long commitMicros,
        Cells old,
        Cells after,
        int hash,
        boolean keyChange,
        long bytes)
        implements LaneItem {
    @Override
    public long transaction() {
        return position.finalLsn();
    }

    TargetTable table() {
        return shape.table();
    }
}
