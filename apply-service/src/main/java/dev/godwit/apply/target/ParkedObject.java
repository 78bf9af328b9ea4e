// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.apply.ledger.ParkedObjects;
import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * One object that was taken out of the way, and the statements that bring it back exactly as it
 * was.
 *
 * @param table the table that it belongs to; for a foreign key the referencing one
 * @param name its name, unique for its kind and table
 * @param restore statements, run in this order in one transaction
 */
public record ParkedObject(TableName table, Kind kind, String name, List<String> restore) {
    /** In the order of restoring. */
    public enum Kind {
        /**
         * The index of a primary key, unique or exclusion constraint, or one that the table's
         * replica identity or CLUSTER names.
         */
        KEY,
        INDEX,
        IDENTITY,
        DOMAIN_CHECK,
        CHECK,
        FOREIGN_KEY,
        RULE,
        TRIGGER;

        /**
         * Whether it is rebuilt as soon as its table is loaded, before the sync; the others wait
         * for the end.
         */
        public boolean restoredAfterLoad() {
            return this == KEY || this == INDEX;
        }
    }

    private static final String PLACE =
            """
            SELECT EXISTS (
              SELECT FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
               WHERE n.nspname = ? AND r.relname = ?
                 AND CASE ?
                     WHEN 'TRIGGER' THEN EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = r.oid AND t.tgname = ?)
                     WHEN 'RULE' THEN EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = r.oid AND w.rulename = ?)
                     ELSE true END)\
            """;

    public ParkedObject {
        restore = List.copyOf(restore);
    }

    /** The statements as one text: each as its length in characters, a colon, itself. */
    public String payload() {
        var text = new StringBuilder();
        restore.forEach(statement -> text.append(statement.length()).append(':').append(statement));
        return text.toString();
    }

    /** The object that a row of the ledger remembers. */
    static ParkedObject of(ParkedObjects.Parked row) {
        String payload = row.payload();
        var restore = new ArrayList<String>();
        int at = 0;
        while (at < payload.length()) {
            int colon = payload.indexOf(':', at);
            int end = colon + 1 + Integer.parseInt(payload, at, colon, 10);
            restore.add(payload.substring(colon + 1, end));
            at = end;
        }
        return new ParkedObject(row.table(), Kind.valueOf(row.kind()), row.name(), restore);
    }

    /** The same foreign key, not validated: its definition is the first statement. */
    ParkedObject notValidated() {
        var statements = new ArrayList<String>(restore);
        statements.set(0, statements.getFirst() + " NOT VALID");
        return new ParkedObject(table, kind, name, statements);
    }

    /** The same, with nothing to bring back. */
    ParkedObject forgotten() {
        return new ParkedObject(table, kind, name, List.of());
    }

    /** The statement that says what it is. */
    String definition() {
        return restore.stream()
                .filter(statement -> !statement.startsWith("SET "))
                .findFirst()
                .orElse("");
    }

    /** Whether the table is there, and of what is only disabled the object itself. */
    boolean hasPlace(Connection connection) throws SQLException {
        if (kind == Kind.DOMAIN_CHECK) {
            return true;
        }
        try (PreparedStatement query = connection.prepareStatement(PLACE)) {
            query.setString(1, table.schema());
            query.setString(2, table.name());
            query.setString(3, kind.name());
            query.setString(4, name);
            query.setString(5, name);
            try (ResultSet row = query.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /** For people: {@code index "a" of s.t}. */
    public String described() {
        return kind.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ')
                + " \""
                + name
                + "\" of "
                + table;
    }
}
