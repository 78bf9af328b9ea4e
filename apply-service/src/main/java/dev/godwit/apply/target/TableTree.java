// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A target table and, where it is partitioned, all its partitions, parents first.
 *
 * @param oids pg_class oids, the table's own first
 * @param plain an ordinary table that is no partition and has none
 */
record TableTree(
        TableName table,
        ServerVersion version,
        List<Long> oids,
        boolean plain,
        boolean partitioned) {
    private static final String MEMBERS =
            """
            WITH RECURSIVE tree AS (
              SELECT c.oid, 0 AS depth FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = ? AND c.relname = ? AND c.relkind IN ('r', 'p')
              UNION ALL
              SELECT i.inhrelid, tree.depth + 1 FROM tree
                JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
                JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid AND p.relispartition)
            SELECT tree.oid::bigint, c.relkind::text, c.relispartition FROM tree
              JOIN pg_catalog.pg_class c ON c.oid = tree.oid ORDER BY tree.depth, tree.oid\
            """;

    TableTree {
        oids = List.copyOf(oids);
    }

    static TableTree of(Connection connection, ServerVersion version, TableName table)
            throws SQLException {
        var oids = new ArrayList<Long>();
        boolean partition = false;
        boolean partitioned = false;
        try (PreparedStatement query = connection.prepareStatement(MEMBERS)) {
            query.setString(1, table.schema());
            query.setString(2, table.name());
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    if (oids.isEmpty()) {
                        partitioned = row.getString(2).equals("p");
                        partition = row.getBoolean(3);
                    }
                    oids.add(row.getLong(1));
                }
            }
        }
        if (oids.isEmpty()) {
            throw new MigrationException(
                    ErrorCode.TARGET_TABLE_MISSING, "the target has no table " + table);
        }
        return new TableTree(table, version, oids, !partition && !partitioned, partitioned);
    }

    /** As a parameter for {@code = ANY (?::oid[])}. */
    Array asArray(Connection connection) throws SQLException {
        return connection.createArrayOf("int8", oids.toArray());
    }

    /**
     * The parent of a constraint that a partition has from its parent; before 11 there is no such
     * thing.
     */
    String constraintParent(String alias) {
        return version.atLeast(11) ? alias + ".conparentid" : "0::oid";
    }
}
