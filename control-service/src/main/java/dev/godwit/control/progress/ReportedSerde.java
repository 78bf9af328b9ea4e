// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Eight bytes of time, then the record in single-object encoding. Queries and the topology share
 * it, so it locks.
 */
final class ReportedSerde implements Serde<Reported> {
    private final RecordCodec codec;

    ReportedSerde(SchemaBook book) {
        this.codec = new RecordCodec(book);
    }

    Reported decode(byte[] record, long timestamp) {
        synchronized (codec) {
            return new Reported(Instant.ofEpochMilli(timestamp), codec.decode(record));
        }
    }

    @Override
    public Serializer<Reported> serializer() {
        return (topic, value) -> value == null ? null : toBytes(value);
    }

    @Override
    public Deserializer<Reported> deserializer() {
        return (topic, bytes) -> bytes == null ? null : fromBytes(bytes);
    }

    private byte[] toBytes(Reported value) {
        byte[] record;
        synchronized (codec) {
            record = codec.encode(value.content());
        }
        return ByteBuffer.allocate(Long.BYTES + record.length)
                .putLong(value.at().toEpochMilli())
                .put(record)
                .array();
    }

    private Reported fromBytes(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        long timestamp = buffer.getLong();
        byte[] record = new byte[buffer.remaining()];
        buffer.get(record);
        return decode(record, timestamp);
    }
}
