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
import org.jspecify.annotations.Nullable;

/**
 * Indexes of a table and the constraints that they serve. An index that belongs to a partitioned
 * index stays (its name and attachment could not be brought back exactly in one piece), and so does
 * an invalid one, and one that a view, a function or a foreign key that could not be dropped
 * depends on.
 */
final class Indexes {
    private static final String FOUND =
            """
            SELECT n.nspname, r.relname, x.relname, pg_catalog.pg_get_indexdef(i.indexrelid), s.spcname,
                   pg_catalog.obj_description(i.indexrelid, 'pg_class'),
                   i.indisclustered, i.indisreplident, x.reloptions,
                   c.contype::text, pg_catalog.pg_get_constraintdef(c.oid), c.condeferrable, c.condeferred,
                   pg_catalog.obj_description(c.oid, 'pg_constraint'), $period,
                   ARRAY(SELECT a.attnum || ' SET STATISTICS ' || a.attstattarget FROM pg_catalog.pg_attribute a
                          WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0 ORDER BY a.attnum)
              FROM pg_catalog.pg_index i
              JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
              JOIN pg_catalog.pg_class r ON r.oid = i.indrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
              LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = x.reltablespace
              LEFT JOIN pg_catalog.pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
                   AND c.contype IN ('p', 'u', 'x')
             WHERE i.indrelid = (?::oid[])[1] AND r.relkind = 'r' AND x.relkind = 'i' AND NOT x.relispartition
               AND i.indisvalid AND i.indisready AND i.indislive
               AND pg_catalog.pg_has_role(r.relowner, 'USAGE')
               AND (c.oid IS NULL OR (c.conislocal AND c.coninhcount = 0 AND $parent = 0))
               AND NOT EXISTS (
                 SELECT FROM pg_catalog.pg_depend d
                  WHERE (d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indexrelid
                         OR d.refclassid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.refobjid = c.oid)
                    AND NOT (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid)
                    -- The trigger that checks a deferrable key again belongs to the key.
                    AND NOT (d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND d.deptype = 'i'))
               AND NOT EXISTS (
                 SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid AND d.deptype IN ('e', 'x'))
             ORDER BY i.indisprimary DESC, c.oid IS NULL, i.indisunique DESC, x.relname\
            """;

    private Indexes() {}

    /** Primary key first, then constraints, then the others. */
    static List<Parkable> find(Connection connection, TableTree tree) throws SQLException {
        var found = new ArrayList<Parkable>();
        String period = tree.version().atLeast(18) ? "c.conperiod" : "false";
        try (PreparedStatement query =
                connection.prepareStatement(
                        FOUND.replace("$parent", tree.constraintParent("c"))
                                .replace("$period", period))) {
            query.setArray(1, tree.asArray(connection));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    found.add(Found.of(row).parkable());
                }
            }
        }
        return found;
    }

    /** One row of the catalog's answer. */
    private record Found(
            TableName table,
            TableName index,
            String definition,
            @Nullable String tablespace,
            @Nullable String comment,
            boolean clustered,
            boolean identity,
            List<String> options,
            @Nullable Constraint constraint,
            List<String> statistics) {

        private record Constraint(
                String type,
                String definition,
                boolean deferrable,
                boolean deferred,
                @Nullable String comment,
                boolean period) {
            /** Whether an existing unique index can become this constraint. */
            boolean takesIndex() {
                return !type.equals("x") && !period;
            }
        }

        static Found of(ResultSet row) throws SQLException {
            var table = new TableName(row.getString(1), row.getString(2));
            String type = row.getString(10);
            return new Found(
                    table,
                    new TableName(row.getString(1), row.getString(3)),
                    row.getString(4),
                    row.getString(5),
                    row.getString(6),
                    row.getBoolean(7),
                    row.getBoolean(8),
                    texts(row, 9),
                    type == null
                            ? null
                            : new Constraint(
                                    type,
                                    row.getString(11),
                                    row.getBoolean(12),
                                    row.getBoolean(13),
                                    row.getString(14),
                                    row.getBoolean(15)),
                    texts(row, 16));
        }

        private static List<String> texts(ResultSet row, int column) throws SQLException {
            var array = row.getArray(column);
            return array == null ? List.of() : List.of((String[]) array.getArray());
        }

        Parkable parkable() {
            boolean key = constraint != null || clustered || identity;
            var kind = key ? ParkedObject.Kind.KEY : ParkedObject.Kind.INDEX;
            String removal =
                    constraint == null
                            ? "DROP INDEX " + index.quoted()
                            : "ALTER TABLE "
                                    + table.quoted()
                                    + " DROP CONSTRAINT "
                                    + quote(index.name());
            return new Parkable(
                    new ParkedObject(table, kind, index.name(), restore()), List.of(removal));
        }

        /**
         * The tablespace is set for the transaction, since the definition has its place for it in
         * the middle.
         */
        private List<String> restore() {
            var restore = new ArrayList<String>();
            restore.add(
                    "SET LOCAL default_tablespace = "
                            + literal(tablespace == null ? "" : tablespace));
            String alter = "ALTER TABLE " + table.quoted() + " ";
            if (constraint == null) {
                restore.add(definition);
            } else if (constraint.takesIndex()) {
                restore.add(definition);
                restore.add(
                        alter
                                + "ADD CONSTRAINT "
                                + quote(index.name())
                                + (constraint.type.equals("p") ? " PRIMARY KEY" : " UNIQUE")
                                + " USING INDEX "
                                + quote(index.name())
                                + (constraint.deferrable ? " DEFERRABLE" : "")
                                + (constraint.deferred ? " INITIALLY DEFERRED" : ""));
            } else {
                restore.add(
                        alter
                                + "ADD CONSTRAINT "
                                + quote(index.name())
                                + " "
                                + constraint.definition);
                for (String option : options) {
                    int equals = option.indexOf('=');
                    restore.add(
                            "ALTER INDEX "
                                    + index.quoted()
                                    + " SET ("
                                    + quote(option.substring(0, equals))
                                    + " = "
                                    + literal(option.substring(equals + 1))
                                    + ")");
                }
            }
            if (constraint != null && constraint.comment != null) {
                restore.add(
                        "COMMENT ON CONSTRAINT "
                                + quote(index.name())
                                + " ON "
                                + table.quoted()
                                + " IS "
                                + literal(constraint.comment));
            }
            if (comment != null) {
                restore.add("COMMENT ON INDEX " + index.quoted() + " IS " + literal(comment));
            }
            statistics.forEach(target ->
                    restore.add("ALTER INDEX " + index.quoted() + " ALTER COLUMN " + target));
            if (clustered) {
                restore.add(alter + "CLUSTER ON " + quote(index.name()));
            }
            if (identity) {
                restore.add(alter + "REPLICA IDENTITY USING INDEX " + quote(index.name()));
            }
            return restore;
        }
    }
}
