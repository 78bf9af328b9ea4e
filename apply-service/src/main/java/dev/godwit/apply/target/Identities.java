// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import static dev.godwit.postgres.Identifiers.quote;

import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * GENERATED ALWAYS identities: they refuse the source's values in an update, so they are BY DEFAULT
 * meanwhile.
 */
final class Identities {
    /**
     * From 17 on a partition has its parent's identity, which is changed at the topmost table
     * alone.
     */
    private static final String FOUND =
            """
            WITH RECURSIVE up AS (
              SELECT c.oid, c.relispartition FROM pg_catalog.pg_class c WHERE c.oid = ANY (?::oid[])
              UNION
              SELECT p.oid, p.relispartition FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.oid
                JOIN pg_catalog.pg_class p ON p.oid = i.inhparent WHERE up.relispartition)
            SELECT n.nspname, r.relname, a.attname FROM up
              JOIN pg_catalog.pg_class r ON r.oid = up.oid
              JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
              JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
             WHERE a.attidentity = 'a' AND NOT a.attisdropped AND (NOT r.relispartition OR $partitions)
               AND pg_catalog.pg_has_role(r.relowner, 'USAGE') ORDER BY 1, 2, 3\
            """;

    private Identities() {}

    static List<Parkable> find(Connection connection, TableTree tree) throws SQLException {
        var found = new ArrayList<Parkable>();
        try (PreparedStatement query =
                connection.prepareStatement(
                        FOUND.replace(
                                "$partitions", Boolean.toString(!tree.version().atLeast(17))))) {
            query.setArray(1, tree.asArray(connection));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    var table = new TableName(row.getString(1), row.getString(2));
                    String alter =
                            "ALTER TABLE "
                                    + table.quoted()
                                    + " ALTER COLUMN "
                                    + quote(row.getString(3))
                                    + " SET GENERATED ";
                    found.add(
                            new Parkable(
                                    new ParkedObject(
                                            table,
                                            ParkedObject.Kind.IDENTITY,
                                            row.getString(3),
                                            List.of(alter + "ALWAYS")),
                                    List.of(alter + "BY DEFAULT")));
                }
            }
        }
        return found;
    }
}
