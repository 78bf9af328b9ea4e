// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.schemas.Operation;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a run of changes of one row amounts to. It fails to take a change that cannot follow the
 * ones before (an insert of a row that is there): then nobody may put these changes together.
 */
final class NetRow {
    private final boolean wasThere;
    private RowChange newest;
    private @Nullable Cells now;

    private NetRow(boolean wasThere, RowChange newest, @Nullable Cells now) {
        this.wasThere = wasThere;
        this.newest = newest;
        this.now = now;
    }

    /** The first change of a row tells whether it was there before. */
    static NetRow first(RowChange change) {
        return switch (change.operation()) {
            case INSERT -> new NetRow(false, change, change.after());
            case UPDATE -> new NetRow(true, change, change.after());
            case DELETE -> new NetRow(true, change, null);
        };
    }

    /** Takes the next change; false if it cannot follow. */
    boolean then(RowChange change) {
        Cells before = now;
        boolean follows = (change.operation() == Operation.INSERT) == (before == null);
        if (!follows) {
            return false;
        }
        newest = change;
        now =
                switch (change.operation()) {
                    case INSERT -> change.after();
                    case UPDATE -> before == null ? null : change.after().over(before);
                    case DELETE -> null;
                };
        return true;
    }

    /** The one statement that it takes; empty if the row came and went. */
    Optional<NetChange> net() {
        Cells cells = now;
        if (cells == null) {
            return wasThere
                    ? Optional.of(
                            new NetChange(newest, Operation.DELETE, newest.old(), newest.old()))
                    : Optional.empty();
        }
        return Optional.of(
                new NetChange(
                        newest,
                        wasThere ? Operation.UPDATE : Operation.INSERT,
                        wasThere ? newest.old() : cells,
                        cells));
    }
}
