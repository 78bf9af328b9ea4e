// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.apply.ledger.ParkedObjects;
import dev.godwit.postgres.TableName;
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

    /** For people: {@code index "a" of s.t}. */
    public String described() {
        return kind.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ')
                + " \""
                + name
                + "\" of "
                + table;
    }
}
