// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.publish;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.Truncate;
import java.util.List;

/** Takes a stream's records in order. */
public interface ChangeSink {
    /** Of the newest change or marker taken: what is at or before it must not be appended again. */
    Position position();

    /** The shape of a source table from here on. */
    void schemaChange(SchemaChange shape) throws InterruptedException;

    /**
     * One row change.
     *
     * @param key Kafka key
     * @param change a Change in single-object encoding
     */
    void change(
            TableName source,
            byte[] key,
            byte[] change,
            Operation operation,
            long finalLsn,
            long ordinal)
            throws InterruptedException;

    /** One TRUNCATE of these source tables. */
    void truncate(List<TableName> sources, Truncate truncate) throws InterruptedException;

    /** A marker. */
    void marker(MarkerKind kind, String id, Position position, long commitMicros)
            throws InterruptedException;
}
