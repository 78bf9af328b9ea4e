// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.apply.ledger.Position;
import dev.godwit.apply.sync.ChangeDecoder.Raw;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.OldRow;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.ReplicaIdentity;

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
    /** What a change costs in memory beside its record. */
    private static final int CHANGE_BYTES = 200;

    /**
     * Puts a change of the log into the columns of its table.
     *
     * @param at its record's offset
     * @param bytes of its record
     * @throws MigrationException TABLE_WITHOUT_KEY if nothing in it finds its row
     */
    static RowChange of(Raw raw, RowShape shape, long at, long bytes) {
        boolean hasOld = raw.oldRow() != OldRow.NONE;
        Cells after =
                raw.operation() == Operation.DELETE
                        ? shape.arrange(raw.before())
                        : shape.arrange(raw.after());
        Cells old =
                hasOld && raw.operation() != Operation.DELETE ? shape.arrange(raw.before()) : after;
        boolean keyed = shape.match().indexed();
        // Rows of a table without columns are all the same: any of them will do.
        boolean whole = shape.announced().getIdentity() == ReplicaIdentity.FULL_ROW;
        if (raw.operation() != Operation.INSERT && shape.match().columns().isEmpty() && !whole) {
            throw new MigrationException(
                    ErrorCode.TABLE_WITHOUT_KEY,
                    "the %s of %s at %s says nothing that finds its row"
                            .formatted(raw.operation(), shape.table().name(), raw.position()));
        }
        boolean keyChange = false;
        for (int column : shape.match().columns()) {
            if (old.length(column) < (keyed ? 0 : Cells.NULL)
                    && (raw.operation() != Operation.INSERT || keyed)) {
                throw new MigrationException(
                        ErrorCode.INTERNAL,
                        "the change of %s at %s does not say column %s of its key"
                                .formatted(
                                        shape.table().name(),
                                        raw.position(),
                                        shape.table().columns().get(column).name()));
            }
            keyChange |=
                    keyed
                            && hasOld
                            && raw.operation() == Operation.UPDATE
                            && after.written(column)
                            && !after.sameText(column, old);
        }
        // Above, a key column marked unchanged is no key change: the row is found by the old one.
        int hash = keyed ? shape.hash(old) : shape.tableHash();
        return new RowChange(
                shape,
                raw.operation(),
                raw.position(),
                at,
                raw.commitMicros(),
                old,
                after,
                hash,
                keyChange,
                bytes + CHANGE_BYTES);
    }

    @Override
    public long transaction() {
        return position.finalLsn();
    }

    TargetTable table() {
        return shape.table();
    }
}
