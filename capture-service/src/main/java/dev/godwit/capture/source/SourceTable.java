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
 * @param columns without generated ones, in order
 * @param heapBytes of the main fork
 * @param toastBytes of the values stored out of line
 * @param rowsEstimate pg_class.reltuples, −1 if never analysed
 * @param integerKey the column of a primary key of one integer column
 */
public record SourceTable(
        TableName name,
        long oid,
        long filenode,
        List<SourceColumn> columns,
        long heapBytes,
        long toastBytes,
        int blockBytes,
        long rowsEstimate,
        Optional<String> integerKey) {
    public SourceTable {
        columns = List.copyOf(columns);
    }

    public long bytes() {
        return heapBytes + toastBytes;
    }
}
