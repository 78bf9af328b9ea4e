// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Makes the target empty of large objects before they are loaded. */
public final class LargeObjectRemoval {
    /** In one transaction, as vacuumlo does: each takes a lock of max_locks_per_transaction. */
    private static final int SOME = 1000;

    private LargeObjectRemoval() {}

    /**
     * Those that are there are not ours, and are not ours to remove.
     *
     * @throws MigrationException TARGET_TABLE_NOT_EMPTY
     */
    public static void requireNone(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)")) {
            row.next();
            if (row.getBoolean(1)) {
                throw new MigrationException(
                        ErrorCode.TARGET_TABLE_NOT_EMPTY,
                        "the target database holds large objects that Godwit did not write",
                        "On the target, if nobody needs them: SELECT lo_unlink(oid) FROM (SELECT oid FROM pg_largeobject_metadata LIMIT 1000) AS objects; until none is left, then retry.",
                        null);
            }
        }
    }

    /**
     * Removes some of all that are there. Before the first load there were none, so they are that
     * load's, or of somebody who wrote to a target that is ours until the cutover.
     *
     * @return whether more may be there
     */
    public static boolean some(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT pg_catalog.count(pg_catalog.lo_unlink(oid)) FROM (SELECT m.oid FROM pg_catalog.pg_largeobject_metadata m ORDER BY m.oid LIMIT %d) AS objects"
                                        .formatted(SOME))) {
            row.next();
            return row.getLong(1) == SOME;
        }
    }
}
