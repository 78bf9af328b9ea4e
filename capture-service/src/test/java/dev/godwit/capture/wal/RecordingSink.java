// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.capture.publish.ChangeSink;
import dev.godwit.capture.publish.Position;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Change;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.Truncate;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecordBase;

/** Keeps what a decoder appends, read back by the contract's own codec. */
final class RecordingSink implements ChangeSink {
    final List<SpecificRecordBase> records = new ArrayList<>();
    final List<String> keys = new ArrayList<>();
    private final RecordCodec codec = new RecordCodec(SchemaBook.ownOnly());
    private Position position;

    RecordingSink(Position position) {
        this.position = position;
    }

    @Override
    public Position position() {
        return position;
    }

    @Override
    public void schemaChange(SchemaChange shape) {
        records.add(shape);
    }

    @Override
    public void change(
            TableName source,
            byte[] key,
            byte[] change,
            Operation operation,
            long finalLsn,
            long ordinal) {
        records.add(codec.decode(change, Change.class));
        keys.add(new String(key, StandardCharsets.UTF_8));
        position = new Position(finalLsn, ordinal);
    }

    @Override
    public void truncate(List<TableName> sources, Truncate truncate) {
        records.add(truncate);
        position = new Position(truncate.getFinalLsn(), truncate.getOrdinal());
    }

    @Override
    public void marker(MarkerKind kind, String id, Position at, long commitMicros) {
        records.add(new Marker(id, kind, at.finalLsn(), at.ordinal(), commitMicros, 0L));
        position = at;
    }

    <T> List<T> all(Class<T> type) {
        return records.stream().filter(type::isInstance).map(type::cast).toList();
    }
}
