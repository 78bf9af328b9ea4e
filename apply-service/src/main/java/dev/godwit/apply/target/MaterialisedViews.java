// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Refreshes the materialised views that read migrated tables, directly or through other views, each
 * after those it reads.
 */
final class MaterialisedViews {
    /**
     * The longest way from a table to a view is its place in the order; views cannot read each
     * other in a circle.
     */
    private static final String DEPENDENT =
            """
            WITH RECURSIVE reads AS (
              SELECT DISTINCT w.ev_class AS reader, d.refobjid AS source FROM pg_catalog.pg_depend d
                JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid
               WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                 AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND w.ev_class <> d.refobjid
                 AND w.rulename = '_RETURN'),
            parents AS (
              SELECT t.oid FROM pg_catalog.unnest(?::oid[]) t(oid)
              UNION
              SELECT i.inhparent FROM parents JOIN pg_catalog.pg_inherits i ON i.inhrelid = parents.oid),
            reached AS (
              SELECT oid, 0 AS depth FROM parents
              UNION
              SELECT reads.reader, reached.depth + 1 FROM reached JOIN reads ON reads.source = reached.oid)
            SELECT n.nspname, c.relname FROM reached
              JOIN pg_catalog.pg_class c ON c.oid = reached.oid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'm' GROUP BY n.nspname, c.relname ORDER BY max(reached.depth), n.nspname, c.relname\
            """;

    private MaterialisedViews() {}

    static void refresh(Connection connection, List<TableTree> tables) throws SQLException {
        Object[] oids = tables.stream().flatMap(tree -> tree.oids().stream()).toArray();
        var views = new ArrayList<TableName>();
        Array array = connection.createArrayOf("int8", oids);
        try (PreparedStatement query = connection.prepareStatement(DEPENDENT)) {
            query.setArray(1, array);
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    views.add(new TableName(row.getString(1), row.getString(2)));
                }
            }
        }
        for (TableName view : views) {
            refresh(connection, view);
        }
    }

    private static void refresh(Connection connection, TableName view) throws SQLException {
        String refresh = "REFRESH MATERIALIZED VIEW " + view.quoted();
        try {
            Ddl.run(connection, refresh);
        } catch (SQLException e) {
            if (SqlStates.passing(e)) {
                throw e;
            }
            throw new MigrationException(
                    ErrorCode.RESTORE_FAILED,
                    "the target refuses to refresh the materialised view %s (SQLSTATE %s): %s"
                            .formatted(view, SqlStates.state(e), ServerWords.of(e)),
                    "Mend what the target names, so that this runs, then retry: " + refresh,
                    e);
        }
    }
}
