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
 * Foreign keys of a table and to it, also those of tables that are not migrated. They are dropped
 * where the role may drop and add them again (the key that they point at can then be parked, and
 * adding checks every row); else they stay.
 */
final class ForeignKeys {
    /**
     * A partition's constraint is its topmost parent's affair. pg_get_constraintdef says MATCH,
     * DEFERRABLE, NOT VALID and all else.
     */
    private static final String FOUND =
            """
            WITH RECURSIVE up AS (
              SELECT c.oid, $parent AS parent FROM pg_catalog.pg_constraint c
               WHERE c.contype = 'f' AND (c.conrelid = ANY (?::oid[]) OR c.confrelid = ANY (?::oid[]))
              UNION
              SELECT c.oid, $parent FROM up JOIN pg_catalog.pg_constraint c ON c.oid = up.parent)
            SELECT c.oid::bigint, n.nspname, r.relname, c.conname, pg_catalog.pg_get_constraintdef(c.oid),
                   pg_catalog.obj_description(c.oid, 'pg_constraint')
              FROM up JOIN pg_catalog.pg_constraint c ON c.oid = up.oid
              JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
             WHERE up.parent = 0
               AND pg_catalog.pg_has_role(r.relowner, 'USAGE')
               AND (pg_catalog.has_table_privilege(c.confrelid, 'REFERENCES')
                    OR NOT EXISTS (SELECT FROM pg_catalog.unnest(c.confkey) k(attnum)
                                    WHERE NOT pg_catalog.has_column_privilege(c.confrelid, k.attnum, 'REFERENCES')))
             ORDER BY n.nspname, r.relname, c.conname\
            """;

    /** Only a superuser sets these; pg_get_constraintdef does not know them. */
    private static final String TRIGGER_STATES =
            """
            SELECT t.tgfoid::pg_catalog.regproc::text, t.tgrelid = c.conrelid, t.tgenabled::text
              FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_constraint c ON c.oid = t.tgconstraint
             WHERE c.oid = ?::oid AND t.tgenabled <> 'O' ORDER BY 1, 2\
            """;

    private ForeignKeys() {}

    static List<Parkable> find(Connection connection, TableTree tree) throws SQLException {
        var found = new ArrayList<Parkable>();
        try (PreparedStatement query =
                connection.prepareStatement(FOUND.replace("$parent", tree.constraintParent("c")))) {
            query.setArray(1, tree.asArray(connection));
            query.setArray(2, tree.asArray(connection));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    var table = new TableName(row.getString(2), row.getString(3));
                    String name = row.getString(4);
                    var restore = new ArrayList<String>();
                    restore.add(
                            "ALTER TABLE "
                                    + table.quoted()
                                    + " ADD CONSTRAINT "
                                    + quote(name)
                                    + " "
                                    + row.getString(5));
                    String comment = row.getString(6);
                    if (comment != null) {
                        restore.add(
                                "COMMENT ON CONSTRAINT "
                                        + quote(name)
                                        + " ON "
                                        + table.quoted()
                                        + " IS "
                                        + literal(comment));
                    }
                    restore.addAll(triggerStates(connection, row.getLong(1), table, name));
                    found.add(
                            new Parkable(
                                    new ParkedObject(
                                            table, ParkedObject.Kind.FOREIGN_KEY, name, restore),
                                    List.of(
                                            "ALTER TABLE "
                                                    + table.quoted()
                                                    + " DROP CONSTRAINT "
                                                    + quote(name))));
                }
            }
        }
        return found;
    }

    /**
     * The triggers of a constraint get new names when it is added, so they are found again by their
     * function and side.
     */
    private static List<String> triggerStates(
            Connection connection, long constraint, TableName table, String name)
            throws SQLException {
        var restore = new ArrayList<String>();
        try (PreparedStatement query = connection.prepareStatement(TRIGGER_STATES)) {
            query.setLong(1, constraint);
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    String block =
                            """
                            DECLARE t record;
                            BEGIN
                              FOR t IN SELECT g.tgrelid::pg_catalog.regclass AS rel, g.tgname FROM pg_catalog.pg_trigger g
                                  JOIN pg_catalog.pg_constraint c ON c.oid = g.tgconstraint
                                 WHERE c.contype = 'f' AND c.conrelid = %s::pg_catalog.regclass AND c.conname = %s
                                   AND g.tgfoid::pg_catalog.regproc::text = %s AND (g.tgrelid = c.conrelid) = %s
                              LOOP
                                EXECUTE pg_catalog.format('ALTER TABLE %%s %s TRIGGER %%I', t.rel, t.tgname);
                              END LOOP;
                            END\
                            """
                                    .formatted(
                                            literal(table.quoted()),
                                            literal(name),
                                            literal(row.getString(1)),
                                            row.getBoolean(2),
                                            FiringState.of(row.getString(3)).verb());
                    restore.add("DO " + literal(block));
                }
            }
        }
        return restore;
    }
}
