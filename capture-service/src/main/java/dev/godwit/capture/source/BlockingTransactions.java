// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.Identifiers;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The transactions of the whole server that a new slot waits for: all that have an xid, prepared
 * ones too. Read from pg_locks, which hides none of them from an ordinary role.
 */
final class BlockingTransactions {
    private static final String READ =
            """
            SELECT l.transactionid::text, l.pid, a.datname, a.usename, a.application_name,
                   date_trunc('second', a.xact_start)::text, p.gid, p.database, p.owner,
                   date_trunc('second', p.prepared)::text
              FROM pg_catalog.pg_locks l
              LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
              LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = l.transactionid
             WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
               AND (l.pid IS NULL OR l.pid <> pg_catalog.pg_backend_pid())
             ORDER BY l.transactionid::text::bigint
             LIMIT 20
            """;

    private BlockingTransactions() {}

    /** One sentence each, with the statement that ends it. */
    static List<String> read(Connection source) throws SQLException {
        var blocking = new ArrayList<String>();
        try (Statement statement = source.createStatement();
                ResultSet row = statement.executeQuery(READ)) {
            while (row.next()) {
                String gid = row.getString(7);
                blocking.add(gid == null ? open(row) : prepared(row, gid));
            }
        }
        return List.copyOf(blocking);
    }

    private static String open(ResultSet row) throws SQLException {
        return "transaction %s of user %s in database %s (application '%s', open since %s); to end it: SELECT pg_terminate_backend(%s)"
                .formatted(
                        row.getString(1),
                        row.getString(4),
                        row.getString(3),
                        row.getString(5),
                        row.getString(6),
                        row.getString(2));
    }

    private static String prepared(ResultSet row, String gid) throws SQLException {
        return "prepared transaction %1$s of user %2$s in database %3$s (since %4$s); to end it there: COMMIT PREPARED %1$s or ROLLBACK PREPARED %1$s"
                .formatted(
                        Identifiers.literal(gid),
                        row.getString(9),
                        row.getString(8),
                        row.getString(10));
    }
}
