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
 * Triggers and rules that would fire while we write: ALWAYS and REPLICA ones in every session,
 * ordinary ones where the session is not silent. They are disabled, never dropped, and get their
 * very state back.
 */
final class TriggersAndRules {
    /**
     * Parents first: disabling or enabling one recurses to its partitions, whose own states are
     * then set after it.
     */
    private static final String TRIGGERS =
            """
            SELECT n.nspname, r.relname, t.tgname, t.tgenabled::text
              FROM pg_catalog.unnest(?::oid[]) WITH ORDINALITY tree(oid, place)
              JOIN pg_catalog.pg_class r ON r.oid = tree.oid
              JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
              JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid
             WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c
                                WHERE c.oid = t.tgconstraint AND c.contype IN ('f', 'p', 'u', 'x'))
             ORDER BY tree.place, t.tgname\
            """;

    private static final String RULES =
            """
            SELECT n.nspname, r.relname, w.rulename, w.ev_enabled::text
              FROM pg_catalog.unnest(?::oid[]) WITH ORDINALITY tree(oid, place)
              JOIN pg_catalog.pg_class r ON r.oid = tree.oid
              JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
              JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
             WHERE w.rulename <> '_RETURN' ORDER BY tree.place, w.rulename\
            """;

    private TriggersAndRules() {}

    static List<Parkable> findTriggers(Connection connection, TableTree tree, boolean silent)
            throws SQLException {
        return find(connection, tree, silent, TRIGGERS, ParkedObject.Kind.TRIGGER);
    }

    static List<Parkable> findRules(Connection connection, TableTree tree, boolean silent)
            throws SQLException {
        return find(connection, tree, silent, RULES, ParkedObject.Kind.RULE);
    }

    private static List<Parkable> find(
            Connection connection,
            TableTree tree,
            boolean silent,
            String sql,
            ParkedObject.Kind kind)
            throws SQLException {
        var found = new ArrayList<Parkable>();
        boolean recursing = false;
        try (PreparedStatement query = connection.prepareStatement(sql)) {
            query.setArray(1, tree.asArray(connection));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    FiringState state = FiringState.of(row.getString(4));
                    boolean fires =
                            state != FiringState.DISABLED
                                    && (!silent || state != FiringState.ORIGIN);
                    // What is done to a parent reaches its partitions, so there every state is
                    // noted.
                    recursing |= fires && tree.partitioned();
                    if (fires || recursing) {
                        var table = new TableName(row.getString(1), row.getString(2));
                        String alter = "ALTER TABLE " + table.quoted() + " ";
                        String object = " " + kind + " " + quote(row.getString(3));
                        found.add(
                                new Parkable(
                                        new ParkedObject(
                                                table,
                                                kind,
                                                row.getString(3),
                                                List.of(alter + state.verb() + object)),
                                        List.of(alter + FiringState.DISABLED.verb() + object)));
                    }
                }
            }
        }
        return found;
    }
}
