// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.schemas.SchemaChange;
import java.util.List;

/**
 * How rows of one source table go into their target table. Compared by identity: a table that is
 * announced or loaded anew gets a new one.
 */
final class RowShape {
    private final SchemaChange announced;
    private final TargetTable table;
    private final int[] place;
    private final Match match;
    private final long snapshotLsn;
    private final int seed;

    /**
     * With what the target's catalog says.
     *
     * @param snapshotLsn changes below it are in the table already
     */
    RowShape(SchemaChange announced, TargetTable table, Match match, long snapshotLsn) {
        this.announced = announced;
        this.table = table;
        this.match = match;
        this.snapshotLsn = snapshotLsn;
        this.place =
                announced.getColumns().stream()
                        .mapToInt(column -> table.indexOf(column.getName()))
                        .toArray();
        this.seed = 31 * table.name().schema().hashCode() + table.name().name().hashCode();
    }

    /**
     * How a row is found on the target.
     *
     * @param columns the target columns compared
     * @param operators the equality of each, for SQL; of the index that finds them
     * @param indexed a unique index stands on exactly these columns; else rows are compared by
     *     their output text, one at a time
     */
    record Match(List<Integer> columns, List<String> operators, boolean indexed) {
        Match {
            columns = List.copyOf(columns);
            operators = List.copyOf(operators);
        }
    }

    SchemaChange announced() {
        return announced;
    }

    TargetTable table() {
        return table;
    }

    Match match() {
        return match;
    }

    long snapshotLsn() {
        return snapshotLsn;
    }

    /** Cells in the source's order, in the target's. */
    Cells arrange(Cells cells) {
        return cells.arranged(place, table.columns().size());
    }

    /** A hash of the table and the row's key, the same in every process. */
    int hash(Cells cells) {
        int hash = seed;
        for (int column : match.columns()) {
            hash = cells.hash(column, hash);
        }
        return hash;
    }

    /** A hash of the table alone. */
    int tableHash() {
        return seed;
    }
}
