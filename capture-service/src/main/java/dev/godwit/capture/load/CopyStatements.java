// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.source.SourceColumn;
import dev.godwit.capture.source.SourceTable;
import dev.godwit.postgres.Identifiers;
import java.util.List;
import java.util.stream.Collectors;

/** The statements that read a chunk. */
final class CopyStatements {
    /**
     * pglz and LZ4 shrink a value at most about 90 and 255 times; an inline value is below a page.
     * Stored smaller than the limit over this, no value's text can pass the limit.
     */
    private static final long SHRINK_MOST = 256;

    private CopyStatements() {}

    static String copy(SourceTable table, Chunk chunk) {
        return switch (chunk) {
            case Chunk.Objects objects -> LargeObjectRows.copy(objects);
            case Chunk.Whole whole -> ofTable(table, chunk);
            case Chunk.Blocks blocks -> ofTable(table, chunk);
            case Chunk.Keys keys -> ofTable(table, chunk);
        };
    }

    private static String ofTable(SourceTable table, Chunk chunk) {
        return "COPY (SELECT "
                + Identifiers.quoteAll(table.columns().stream().map(SourceColumn::name).toList())
                + " FROM ONLY "
                + table.name().quoted()
                + where(table, chunk)
                + ") TO STDOUT";
    }

    /** Whether a row of the table can be wider than that at all. */
    static boolean mayHold(SourceTable table, long rowBytes) {
        return table.toastBytes() > rowBytes / SHRINK_MOST && !unbounded(table).isEmpty();
    }

    /**
     * The width of the chunk's widest row, without reading what is stored out of line: lengths
     * stand in its pointers. Only types whose text is not as long as the value are read, and only
     * when they are large.
     */
    static String widest(SourceTable table, Chunk chunk, long rowBytes) {
        return "SELECT coalesce(max("
                + unbounded(table).stream()
                        .map(column -> width(column, rowBytes / SHRINK_MOST))
                        .collect(Collectors.joining(" + "))
                + "), 0) FROM ONLY "
                + table.name().quoted()
                + where(table, chunk);
    }

    /** The rows of the chunk that travel. */
    private static String where(SourceTable table, Chunk chunk) {
        String ofChunk = chunk.where();
        return ofChunk
                + table.filter()
                        .map(filter -> (ofChunk.isEmpty() ? " WHERE (" : " AND (") + filter + ")")
                        .orElse("");
    }

    private static List<SourceColumn> unbounded(SourceTable table) {
        return table.columns().stream()
                .filter(column -> column.width() != SourceColumn.Width.BOUNDED)
                .toList();
    }

    private static String width(SourceColumn column, long stored) {
        String name = Identifiers.quote(column.name());
        String width =
                switch (column.width()) {
                    case BOUNDED -> "0";
                    case AS_STORED -> "pg_catalog.octet_length(" + name + ")::bigint";
                    case HEXADECIMAL -> "pg_catalog.octet_length(" + name + ") * 2::bigint";
                    case UNKNOWN ->
                            "CASE WHEN pg_catalog.pg_column_size("
                                    + name
                                    + ") > "
                                    + stored
                                    + " THEN pg_catalog.octet_length("
                                    + name
                                    + "::text) ELSE 0 END::bigint";
                };
        return "coalesce(" + width + ", 0)";
    }
}
