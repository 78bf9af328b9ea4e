// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import static dev.godwit.postgres.Identifiers.literal;
import static dev.godwit.postgres.Identifiers.quote;

import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks that are NOT VALID: the source's older rows need not fulfil them, so they would refuse
 * rows that the source has. Valid ones stay: the source's rows fulfil them, or the target's owner
 * wants to know.
 */
final class Checks {
    /**
     * One that a child inherits is dropped and added at the topmost table that has it. conenforced
     * is a column from 18 on.
     */
    private static final String OF_TABLES =
            """
            WITH RECURSIVE up AS (
              SELECT c.conrelid, c.conname, c.coninhcount FROM pg_catalog.pg_constraint c
               WHERE c.conrelid = ANY (?::oid[]) AND c.contype IN ('c', 'n') AND NOT c.convalidated
                 AND pg_catalog.to_jsonb(c) ->> 'conenforced' IS DISTINCT FROM 'false'
              UNION
              SELECT c.conrelid, c.conname, c.coninhcount FROM up
                JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.conrelid
                JOIN pg_catalog.pg_constraint c ON c.conrelid = i.inhparent AND c.conname = up.conname
               WHERE up.coninhcount > 0 AND c.contype IN ('c', 'n') AND NOT c.convalidated
                 AND pg_catalog.to_jsonb(c) ->> 'conenforced' IS DISTINCT FROM 'false')
            SELECT n.nspname, r.relname, c.conname, pg_catalog.pg_get_constraintdef(c.oid),
                   pg_catalog.obj_description(c.oid, 'pg_constraint')
              FROM up JOIN pg_catalog.pg_constraint c ON c.conrelid = up.conrelid AND c.conname = up.conname
              JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
             WHERE up.coninhcount = 0 AND pg_catalog.pg_has_role(r.relowner, 'USAGE') ORDER BY 1, 2, 3\
            """;

    private static final String OF_DOMAINS =
            """
            WITH RECURSIVE types AS (
              SELECT a.atttypid AS oid FROM pg_catalog.pg_attribute a
               WHERE a.attrelid = ANY (?::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
              UNION
              SELECT inner_type.oid FROM types JOIN pg_catalog.pg_type t ON t.oid = types.oid
               CROSS JOIN LATERAL (
                 SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
                 UNION ALL SELECT t.typelem WHERE t.typelem <> 0
                 UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                   WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) inner_type)
            SELECT n.nspname, t.typname, c.conname, pg_catalog.pg_get_constraintdef(c.oid),
                   pg_catalog.obj_description(c.oid, 'pg_constraint')
              FROM types JOIN pg_catalog.pg_type t ON t.oid = types.oid
              JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
              JOIN pg_catalog.pg_constraint c ON c.contypid = t.oid
             WHERE NOT c.convalidated AND pg_catalog.pg_has_role(t.typowner, 'USAGE') ORDER BY 1, 2, 3\
            """;

    private Checks() {}

    static List<Parkable> findOfTables(Connection connection, TableTree tree) throws SQLException {
        return find(connection, tree, OF_TABLES, ParkedObject.Kind.CHECK, "TABLE", "");
    }

    static List<Parkable> findOfDomains(Connection connection, TableTree tree) throws SQLException {
        return find(
                connection, tree, OF_DOMAINS, ParkedObject.Kind.DOMAIN_CHECK, "DOMAIN", "DOMAIN ");
    }

    private static List<Parkable> find(
            Connection connection,
            TableTree tree,
            String sql,
            ParkedObject.Kind kind,
            String owner,
            String commentOn)
            throws SQLException {
        var found = new ArrayList<Parkable>();
        try (PreparedStatement query = connection.prepareStatement(sql)) {
            query.setArray(1, tree.asArray(connection));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    var on = new TableName(row.getString(1), row.getString(2));
                    String name = row.getString(3);
                    String alter = "ALTER " + owner + " " + on.quoted();
                    var restore = new ArrayList<String>();
                    restore.add(alter + " ADD CONSTRAINT " + quote(name) + " " + row.getString(4));
                    String comment = row.getString(5);
                    if (comment != null) {
                        restore.add(
                                "COMMENT ON CONSTRAINT "
                                        + quote(name)
                                        + " ON "
                                        + commentOn
                                        + on.quoted()
                                        + " IS "
                                        + literal(comment));
                    }
                    found.add(
                            new Parkable(
                                    new ParkedObject(on, kind, name, restore),
                                    List.of(alter + " DROP CONSTRAINT " + quote(name))));
                }
            }
        }
        return found;
    }
}
