// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.compare;

import dev.godwit.tests.postgres.Database;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything that a migration may touch in a database's catalog, as lines that can be compared
 * before and after.
 */
public final class Catalog {
    private static final int GENERATED_COLUMNS = 12;

    private static final String OURS =
            "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg_temp%' AND n.nspname NOT LIKE 'pg_toast_temp%'";
    private static final List<String> QUERIES =
            List.of(
                    "SELECT 'schema', n.nspname, n.nspowner::regrole, n.nspacl FROM pg_namespace n WHERE "
                            + OURS,
                    """
                    SELECT 'relation', n.nspname, c.relname, c.relkind, c.relpersistence, c.relowner::regrole, c.relacl, c.relreplident,
                      c.relrowsecurity, c.relforcerowsecurity, c.relhastriggers, c.reloptions, c.relispartition
                      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE c.relkind NOT IN ('i', 'I') AND
                    """
                            + OURS,
                    """
                    SELECT 'column', n.nspname, c.relname, a.attnum, a.attname, a.atttypid::regtype, a.atttypmod, a.attnotnull, a.attidentity,
                      a.attgenerated, a.attstorage, a.attstattarget, pg_get_expr(d.adbin, d.adrelid)
                      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                     WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') AND
                    """
                            + OURS,
                    """
                    SELECT 'index', pg_get_indexdef(i.indexrelid), i.indisunique, i.indisprimary, i.indisvalid, i.indisready, i.indisclustered,
                      i.indisreplident, i.indimmediate, x.relowner::regrole, x.reloptions,
                      (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = x.oid)
                      FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace WHERE
                    """
                            + OURS,
                    """
                    SELECT 'constraint', n.nspname, k.conrelid::regclass, k.conname, k.contype, pg_get_constraintdef(k.oid), k.condeferrable,
                      k.condeferred, k.convalidated, k.connoinherit, k.coninhcount, obj_description(k.oid, 'pg_constraint')
                      FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.contype <> 'n' AND
                    """
                            + OURS,
                    """
                    SELECT 'trigger', t.tgrelid::regclass, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid), obj_description(t.oid, 'pg_trigger')
                      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE NOT t.tgisinternal AND
                    """
                            + OURS,
                    """
                    SELECT 'constraint trigger', t.tgrelid::regclass, t.tgfoid::regproc, t.tgenabled, count(*)
                      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE t.tgisinternal AND
                    """
                            + OURS
                            + " GROUP BY 2, 3, 4",
                    """
                    SELECT 'rule', r.ev_class::regclass, r.rulename, r.ev_enabled, pg_get_ruledef(r.oid)
                      FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE
                    """
                            + OURS,
                    """
                    SELECT 'policy', p.polrelid::regclass, p.polname, p.polcmd, pg_get_expr(p.polqual, p.polrelid)
                      FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE
                    """
                            + OURS,
                    """
                    SELECT 'sequence', s.seqrelid::regclass, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache,
                      s.seqcycle FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE
                    """
                            + OURS,
                    """
                    SELECT 'statistics', pg_get_statisticsobjdef(e.oid) FROM pg_statistic_ext e
                      JOIN pg_namespace n ON n.oid = e.stxnamespace WHERE
                    """
                            + OURS,
                    """
                    SELECT 'function', p.oid::regprocedure, p.proowner::regrole, md5(p.prosrc) FROM pg_proc p
                      JOIN pg_namespace n ON n.oid = p.pronamespace WHERE
                    """
                            + OURS,
                    """
                    SELECT 'type', t.oid::regtype, t.typtype, t.typowner::regrole FROM pg_type t
                      JOIN pg_namespace n ON n.oid = t.typnamespace WHERE
                    """
                            + OURS,
                    "SELECT 'extension', extname, extversion FROM pg_extension",
                    "SELECT 'event trigger', evtname, evtenabled FROM pg_event_trigger",
                    "SELECT 'publication', pubname FROM pg_publication",
                    "SELECT 'subscription', subname FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
                    """
                    SELECT 'setting', r.setrole, s FROM pg_db_role_setting r, unnest(r.setconfig) s
                     WHERE r.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
                    """,
                    """
                    SELECT 'slot', slot_name, slot_type FROM pg_replication_slots WHERE database = current_database()
                    """);

    private Catalog() {}

    /** One line per object, sorted. */
    public static List<String> of(Database database) {
        List<String> lines = new ArrayList<>();
        boolean generated = database.server().major() >= GENERATED_COLUMNS;
        for (String query : QUERIES) {
            lines.addAll(database.query(generated ? query : query.replace("a.attgenerated", "''")));
        }
        lines.sort(null);
        return lines;
    }
}
