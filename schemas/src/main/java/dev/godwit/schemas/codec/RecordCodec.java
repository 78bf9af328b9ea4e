// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.codec;

import dev.godwit.schemas.Contract;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.avro.util.ClassSecurityValidator;

/**
 * Avro single-object encoding (Avro 1.12 specification, "Single-object encoding"): two marker
 * bytes, the writer's fingerprint, the record. A reader of another build resolves the writer's
 * schema against its own, so a field added with a default is understood in both directions. Not
 * thread-safe: one codec a thread.
 */
public final class RecordCodec {
    private static final int HEADER_BYTES = 10;
    private static final byte[] MARKER = {(byte) 0xC3, 0x01};

    static {
        // Avro makes objects of classes that a schema names only if they are trusted (since
        // 1.12.1); ours are.
        ClassSecurityValidator.setGlobal(
                ClassSecurityValidator.composite(
                        ClassSecurityValidator.getGlobal(),
                        type -> type.getPackageName().equals(Contract.class.getPackageName())));
    }

    private final SchemaBook book;
    private final Map<Schema, Writer> writers = new ConcurrentHashMap<>();
    private final Map<Long, SpecificDatumReader<SpecificRecordBase>> readers =
            new ConcurrentHashMap<>();
    private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(1024);
    private final BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(buffer, null);
    private final BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(new byte[0], null);

    public RecordCodec(SchemaBook book) {
        this.book = book;
    }

    /** This build's record schemas, what a writer publishes before it writes. */
    public static List<Schema> ownSchemas() {
        var records = new ArrayList<Schema>();
        for (Schema type : Contract.PROTOCOL.getTypes()) {
            if (type.getType() == Schema.Type.RECORD) {
                records.add(SpecificData.get().getSchema(SpecificData.get().getClass(type)));
            }
        }
        return List.copyOf(records);
    }

    public static long fingerprint(Schema schema) {
        return SchemaNormalization.parsingFingerprint64(schema);
    }

    public byte[] encode(SpecificRecord message) {
        Writer writer = writers.computeIfAbsent(message.getSchema(), Writer::of);
        buffer.reset();
        try {
            buffer.write(writer.header);
            writer.datum.write(message, encoder);
            encoder.flush();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return buffer.toByteArray();
    }

    /**
     * The record in these bytes, of this build's class.
     *
     * @throws UnknownSchemaException if they are no record, or its schema is in no book
     */
    public SpecificRecordBase decode(byte[] bytes) {
        if (bytes.length < HEADER_BYTES || bytes[0] != MARKER[0] || bytes[1] != MARKER[1]) {
            throw new UnknownSchemaException(
                    "these %d bytes are not in Avro single-object encoding"
                            .formatted(bytes.length));
        }
        long fingerprint =
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(MARKER.length);
        try {
            return reader(fingerprint)
                    .read(
                            null,
                            DecoderFactory.get()
                                    .binaryDecoder(
                                            bytes,
                                            HEADER_BYTES,
                                            bytes.length - HEADER_BYTES,
                                            decoder));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "a record of schema %016x is cut or corrupt".formatted(fingerprint), e);
        }
    }

    /** As {@link #decode(byte[])}, for a caller that knows what stands there. */
    public <T extends SpecificRecordBase> T decode(byte[] bytes, Class<T> type) {
        return type.cast(decode(bytes));
    }

    private SpecificDatumReader<SpecificRecordBase> reader(long fingerprint) {
        SpecificDatumReader<SpecificRecordBase> known = readers.get(fingerprint);
        if (known != null) {
            return known;
        }
        Schema written = Own.BY_FINGERPRINT.get(fingerprint);
        if (written == null) {
            written =
                    book.find(fingerprint)
                            .orElseThrow(() ->
                                    new UnknownSchemaException(
                                            "no writer has published schema %016x to %s"
                                                    .formatted(fingerprint, "godwit.schemas")));
        }
        Class<?> ours = SpecificData.get().getClass(written);
        if (ours == null) {
            throw new UnknownSchemaException(
                    "%s is unknown to this version of Godwit: upgrade this service first"
                            .formatted(written.getFullName()));
        }
        var reader =
                new SpecificDatumReader<SpecificRecordBase>(
                        written, SpecificData.get().getSchema(ours));
        readers.put(fingerprint, reader);
        return reader;
    }

    private record Writer(byte[] header, SpecificDatumWriter<SpecificRecord> datum) {
        static Writer of(Schema schema) {
            byte[] header =
                    ByteBuffer.allocate(HEADER_BYTES)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .put(MARKER)
                            .putLong(fingerprint(schema))
                            .array();
            return new Writer(header, new SpecificDatumWriter<>(schema));
        }
    }

    private static final class Own {
        static final Map<Long, Schema> BY_FINGERPRINT = new ConcurrentHashMap<>();

        static {
            for (Schema schema : ownSchemas()) {
                BY_FINGERPRINT.put(fingerprint(schema), schema);
            }
        }
    }
}
