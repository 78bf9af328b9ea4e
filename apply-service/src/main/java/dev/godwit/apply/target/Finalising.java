// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SequenceValue;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Makes the target ready for the application. Every step may be repeated. */
public final class Finalising {
    private final Restoring restoring;

    public Finalising(Restoring restoring) {
        this.restoring = restoring;
    }

    /**
     * Sets the sequences, restores and verifies everything, refreshes materialised views, and
     * analyses.
     *
     * @param connection in autocommit
     * @return what the operator must know, one sentence each
     * @throws dev.godwit.postgres.MigrationException RESTORE_FAILED naming what the target refuses
     */
    public List<String> finalise(
            Connection connection, List<TableName> tables, List<SequenceValue> sequences)
            throws SQLException {
        ServerVersion version = ConnectionSettings.version(connection);
        var trees = new ArrayList<TableTree>();
        for (TableName table : tables) {
            trees.add(TableTree.of(connection, version, table));
        }
        List<TableName> missing = SequenceValues.set(connection, sequences);
        Verification.verify(connection, trees);
        var notes = new ArrayList<>(restoring.restoreAll(connection));
        MaterialisedViews.refresh(connection, trees);
        for (TableTree tree : trees) {
            Ddl.run(connection, "ANALYZE " + tree.table().quoted());
        }
        missing.forEach(name ->
                notes.add(
                        "The target has no sequence " + name + ", so its value was not carried."));
        return notes;
    }

    /** Collects the statistics of one table, for the statements that follow its load. */
    public static void analyse(Connection connection, TableName table) throws SQLException {
        Ddl.run(connection, "ANALYZE " + table.quoted());
    }
}
