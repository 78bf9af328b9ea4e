// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The text of a row's key, compared in place. */
final class RowKey {
    private final Cells cells;
    private final List<Integer> columns;
    private final int hash;

    RowKey(Cells cells, List<Integer> columns, int hash) {
        this.cells = cells;
        this.columns = columns;
        this.hash = hash;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof RowKey key) || key.hash != hash) {
            return false;
        }
        for (int column : columns) {
            if (!cells.sameText(column, key.cells)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
