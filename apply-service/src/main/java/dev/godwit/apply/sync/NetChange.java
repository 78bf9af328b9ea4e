// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.schemas.Operation;

/**
 * One row's worth of a statement.
 *
 * @param origin the newest change in it
 * @param old cells that find the row
 * @param after cells that it gets
 */
record NetChange(RowChange origin, Operation operation, Cells old, Cells after) {
    static NetChange of(RowChange change) {
        return new NetChange(change, change.operation(), change.old(), change.after());
    }

    Work work() {
        return Work.of(origin.shape(), operation, after, origin.keyChange());
    }

    long bytes() {
        return operation == Operation.DELETE
                ? old.totalBytes()
                : old.totalBytes() + after.totalBytes();
    }
}
