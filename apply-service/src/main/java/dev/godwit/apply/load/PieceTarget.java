// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.PieceStart;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Where the rows of a piece go, in the transaction that the piece is. */
sealed interface PieceTarget permits PieceTarget.Table, LargeObjectStage {
    /** The statement that takes the rows. */
    String begin(Connection connection) throws SQLException;

    /** All rows are in. */
    void settle(Connection connection) throws SQLException;

    static PieceTarget of(PieceStart start) {
        TableName table = TableName.of(start.getId().getTarget());
        return table.equals(LargeObjects.NAME)
                ? new LargeObjectStage()
                : new Table(table, start.getColumns());
    }

    /** The table itself. */
    record Table(TableName name, List<String> columns) implements PieceTarget {
        @Override
        public String begin(Connection connection) {
            String listed = columns.isEmpty() ? "" : " (" + Identifiers.quoteAll(columns) + ")";
            return "COPY " + name.quoted() + listed + " FROM STDIN";
        }

        @Override
        public void settle(Connection connection) {
            // They are where they belong.
        }
    }
}
