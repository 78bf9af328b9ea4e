// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.TableName;
import java.util.List;
import java.util.Optional;

/**
 * A table as the catalog showed it at one instant.
 *
 * @param filenode pg_relation_filenode: another one means that the table was rewritten since, and
 *     that an older snapshot shows nothing of it or all of it twice
 * @param columns those that travel, in order; never generated ones
 * @param filter the condition of the rows that travel; empty: all
 * @param heapBytes of the main fork
 * @param toastBytes of the values stored out of line
 * @param rowsEstimate pg_class.reltuples, −1 if never analysed, or if not all rows travel
 * @param integerKey the column of a primary key of one integer column
 */
public record SourceTable(
        TableName name,
        long oid,
        long filenode,
        List<SourceColumn> columns,
        Optional<String> filter,
        long heapBytes,
        long toastBytes,
        int blockBytes,
        long rowsEstimate,
        Optional<String> integerKey) {
    private static final long UNKNOWN = -1;

    public SourceTable {
        columns = List.copyOf(columns);
    }

    /** The table with only that of it. */
    public SourceTable carrying(Carried part) {
        return new SourceTable(
                name,
                oid,
                filenode,
                columns.stream().filter(column -> part.holds(column.name())).toList(),
                part.filter(),
                heapBytes,
                toastBytes,
                blockBytes,
                part.filter().isPresent() ? UNKNOWN : rowsEstimate,
                integerKey);
    }

    public long bytes() {
        return heapBytes + toastBytes;
    }
}
