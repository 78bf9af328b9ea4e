// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.postgres.Identifiers;
import java.util.OptionalLong;

/**
 * A part of one source table; the chunks of a table cover each of its rows once. The large objects
 * of a database are cut as if they were one.
 */
sealed interface Chunk {
    /** All of the table. */
    record Whole() implements Chunk {}

    /** Rows in the blocks from, inclusive, to to, exclusive; the last chunk has no end. */
    record Blocks(long from, OptionalLong to) implements Chunk {}

    /**
     * Rows with the key from, inclusive, to to, exclusive; the outer chunks have no bound there.
     */
    record Keys(String column, OptionalLong from, OptionalLong to) implements Chunk {}

    /** Large objects, whole ones, with oids from, inclusive, to to, exclusive. */
    record Objects(OptionalLong from, OptionalLong to) implements Chunk {}

    /** As a WHERE clause with a leading blank, or nothing. */
    default String where() {
        return switch (this) {
            case Whole whole -> "";
            case Blocks blocks ->
                    " WHERE ctid >= '(%d,0)'".formatted(blocks.from)
                            + (blocks.to.isPresent()
                                    ? " AND ctid < '(%d,0)'".formatted(blocks.to.getAsLong())
                                    : "");
            case Keys keys -> keyRange(Identifiers.quote(keys.column), keys.from, keys.to);
            case Objects objects -> keyRange("m.oid", objects.from, objects.to);
        };
    }

    private static String keyRange(String column, OptionalLong least, OptionalLong end) {
        String from = least.isPresent() ? column + " >= " + least.getAsLong() : "";
        String to = end.isPresent() ? column + " < " + end.getAsLong() : "";
        String and = from.isEmpty() || to.isEmpty() ? "" : " AND ";
        return from.isEmpty() && to.isEmpty() ? "" : " WHERE " + from + and + to;
    }
}
