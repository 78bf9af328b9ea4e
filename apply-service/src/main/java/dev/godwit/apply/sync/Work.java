// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.schemas.Operation;
import java.util.BitSet;

/**
 * What a group of rows has in common, so that one statement serves all of them.
 *
 * @param columns target columns that are written; none for a delete
 */
record Work(RowShape shape, Operation operation, BitSet columns) {
    /** What one row needs. Key columns of an update are written only when they change. */
    static Work of(RowShape shape, Operation operation, Cells after, boolean keyChange) {
        var columns = new BitSet(after.size());
        if (operation != Operation.DELETE) {
            for (int column = 0; column < after.size(); column++) {
                if (after.written(column)) {
                    columns.set(column);
                }
            }
            if (operation == Operation.UPDATE && !keyChange && shape.match().indexed()) {
                shape.match().columns().forEach(columns::clear);
            }
        }
        return new Work(shape, operation, columns);
    }
}
