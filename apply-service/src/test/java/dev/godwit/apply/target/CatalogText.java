// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** All that a database's schemas hold, one line each, in an order that does not depend on oids. */
final class CatalogText {
    private static final List<String> QUERIES =
            List.of(
                    """
                    SELECT 'constraint', c.conrelid::regclass::text, c.contypid::regtype::text, c.conname, c.contype, pg_get_constraintdef(c.oid),
                      c.condeferrable, c.condeferred, c.convalidated, c.conislocal, c.coninhcount, c.connoinherit, c.conindid::regclass::text,
                      obj_description(c.oid, 'pg_constraint')
                    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname NOT LIKE 'pg%' AND n.nspname NOT IN ('information_schema', 'godwit')\
                    """,
                    """
                    SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), x.reltablespace, x.reloptions, x.relowner::regrole::text, i.indisunique, i.indisprimary,
                      i.indimmediate, i.indisclustered, i.indisreplident, i.indisvalid, obj_description(i.indexrelid, 'pg_class'), x.relispartition,
                      (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = i.indexrelid),
                      ARRAY(SELECT coalesce(a.attstattarget, -1) FROM pg_attribute a WHERE a.attrelid = i.indexrelid ORDER BY a.attnum)
                    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace
                    WHERE n.nspname NOT LIKE 'pg%' AND n.nspname NOT IN ('information_schema', 'godwit')\
                    """,
                    """
                    SELECT 'trigger', t.tgrelid::regclass::text, CASE WHEN t.tgconstraint <> 0 THEN '' ELSE t.tgname END, t.tgenabled, t.tgfoid::regproc::text, t.tgtype,
                      t.tgdeferrable, t.tginitdeferred, (SELECT conname FROM pg_constraint WHERE oid = t.tgconstraint),
                      CASE WHEN t.tgconstraint <> 0 THEN '' ELSE pg_get_triggerdef(t.oid) END
                    FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid JOIN pg_namespace n ON n.oid = r.relnamespace WHERE n.nspname <> 'godwit'\
                    """,
                    """
                    SELECT 'rule', w.ev_class::regclass::text, w.rulename, w.ev_enabled, pg_get_ruledef(w.oid)
                    FROM pg_rewrite w JOIN pg_class r ON r.oid = w.ev_class JOIN pg_namespace n ON n.oid = r.relnamespace
                    WHERE n.nspname NOT LIKE 'pg%' AND n.nspname <> 'information_schema'\
                    """,
                    """
                    SELECT 'column', a.attrelid::regclass::text, a.attname, a.atttypid::regtype::text, a.attidentity, a.attgenerated, a.attnotnull, a.attislocal, a.attinhcount
                    FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid JOIN pg_namespace n ON n.oid = r.relnamespace
                    WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname NOT LIKE 'pg%' AND n.nspname NOT IN ('information_schema', 'godwit')\
                    """,
                    """
                    SELECT 'class', r.oid::regclass::text, r.relkind, r.relreplident, r.reloptions, r.reltablespace, r.relhasrules, r.relhastriggers, r.relhasindex,
                      obj_description(r.oid, 'pg_class')
                    FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace WHERE n.nspname NOT LIKE 'pg%' AND n.nspname NOT IN ('information_schema', 'godwit')\
                    """,
                    "SELECT 'schema', nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg%' AND nspname <> 'godwit'");

    private CatalogText() {}

    static List<String> of(Connection connection) throws SQLException {
        var lines = new ArrayList<String>();
        for (String query : QUERIES) {
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(query)) {
                while (row.next()) {
                    var line = new StringBuilder();
                    for (int column = 1; column <= row.getMetaData().getColumnCount(); column++) {
                        line.append(row.getString(column)).append(" | ");
                    }
                    lines.add(line.toString());
                }
            }
        }
        lines.sort(null);
        return lines;
    }
}
