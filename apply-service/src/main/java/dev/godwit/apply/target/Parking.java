// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.apply.ledger.ParkedObjects;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.List;

/**
 * Takes out of the way what would refuse, change or slow down rows of a table. Everything happens
 * in the caller's transaction together with the record of it, so after a crash either both stand or
 * neither. Repeating it parks what has come back since.
 */
public final class Parking {
    private static final String DEPENDENTS_EXIST = "2BP01";

    private final ParkedObjects ledger = new ParkedObjects();

    /**
     * Parks all that does not stand in a table's load: what fires or refuses, and every index that
     * can be dropped.
     *
     * @param silent whether the sessions that write have {@link TargetSession#silent()}
     */
    public void parkForLoad(Connection connection, TableName table, boolean silent)
            throws SQLException {
        TableTree tree = TableTree.of(connection, ConnectionSettings.version(connection), table);
        parkWhatFires(connection, tree, silent);
        // After the foreign keys, so that the keys they pointed at are free.
        park(connection, Indexes.find(connection, tree));
    }

    /**
     * Parks what fires or refuses, and keeps the indexes: for going on with the sync after the
     * target was finalised.
     */
    public void parkForSync(Connection connection, TableName table, boolean silent)
            throws SQLException {
        parkWhatFires(
                connection,
                TableTree.of(connection, ConnectionSettings.version(connection), table),
                silent);
    }

    private void parkWhatFires(Connection connection, TableTree tree, boolean silent)
            throws SQLException {
        park(connection, TriggersAndRules.findTriggers(connection, tree, silent));
        park(connection, TriggersAndRules.findRules(connection, tree, silent));
        park(connection, ForeignKeys.find(connection, tree));
        park(connection, Checks.findOfTables(connection, tree));
        park(connection, Checks.findOfDomains(connection, tree));
        park(connection, Identities.find(connection, tree));
    }

    private void park(Connection connection, List<Parkable> found) throws SQLException {
        for (Parkable parkable : found) {
            Savepoint before = connection.setSavepoint();
            try {
                for (String removal : parkable.removal()) {
                    Ddl.run(connection, removal);
                }
                ParkedObject parked = parkable.parked();
                ledger.add(
                        connection,
                        parked.table(),
                        parked.kind().name(),
                        parked.name(),
                        parked.payload());
            } catch (SQLException e) {
                if (!SqlStates.state(e).equals(DEPENDENTS_EXIST)) {
                    throw e;
                }
                connection.rollback(before);
            }
            connection.releaseSavepoint(before);
        }
    }
}
