// SPDX-License-Identifier: Apache-2.0
package dev.godwit.schemas.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.schemas.Change;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.OldRow;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.Unchanged;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;

class RecordCodecTest {
    private final RecordCodec codec = new RecordCodec(SchemaBook.ownOnly());

    @Test
    void aChangeComesBackWithItsNullAndUnchangedCells() {
        List<Object> after =
                Arrays.asList(
                        utf8("7"), null, Unchanged.UNCHANGED_TOAST, utf8(""), utf8("\\N\u0000ü"));
        var change =
                new Change(
                        16_385,
                        Operation.UPDATE,
                        0xFFFF_FFFF_0000_0001L,
                        3L,
                        4_294_967_295L,
                        1_700_000_000_000_000L,
                        true,
                        OldRow.KEY,
                        Arrays.asList(utf8("6"), null),
                        after);

        Change back = codec.decode(codec.encode(change), Change.class);

        assertThat(back).isEqualTo(change);
        assertThat(back.getAfter()).isEqualTo(after);
    }

    @Test
    void everyRecordOfTheContractHasAFingerprintOfItsOwn() {
        List<Schema> schemas = RecordCodec.ownSchemas();

        var fingerprints = new HashSet<Long>();
        schemas.forEach(schema -> fingerprints.add(RecordCodec.fingerprint(schema)));

        assertThat(fingerprints).hasSameSizeAs(schemas);
    }

    @Test
    void anOldReaderReadsANewWritersRecord() throws Exception {
        // Given a writer of a later build, whose Marker has one field more
        Schema later =
                with(
                        Marker.getClassSchema(),
                        new Schema.Field(
                                "reason", Schema.create(Schema.Type.STRING), null, "none"));
        GenericRecord written = new GenericData.Record(later);
        fill(written);
        written.put("reason", "rehearsal");

        // When
        var reader = new RecordCodec(bookOf(later));
        Marker read = reader.decode(encode(later, written), Marker.class);

        // Then
        assertThat(read).isEqualTo(new Marker("m1", MarkerKind.FINAL, 12L, -1L, 34L, 56L));
    }

    @Test
    void aNewReaderReadsAnOldWritersRecord() throws Exception {
        // Given a later build's reader, which knows one field that the writer did not
        Schema later =
                with(
                        Marker.getClassSchema(),
                        new Schema.Field(
                                "reason", Schema.create(Schema.Type.STRING), null, "none"));
        byte[] written = codec.encode(new Marker("m1", MarkerKind.GATE, 1L, 2L, 3L, 4L));

        // When
        GenericRecord read =
                new GenericDatumReader<GenericRecord>(Marker.getClassSchema(), later)
                        .read(
                                null,
                                DecoderFactory.get()
                                        .binaryDecoder(written, 10, written.length - 10, null));

        // Then
        assertThat(read.get("id")).hasToString("m1");
        assertThat(read.get("reason")).hasToString("none");
    }

    @Test
    void anEarlierWritersRecordWithoutADefaultedFieldIsRead() throws Exception {
        // Given a writer of an earlier build, before the fields with defaults were added
        Schema earlier =
                without(
                        dev.godwit.schemas.TableLoad.getClassSchema(),
                        "bytes",
                        "sources",
                        "filenodes",
                        "wish");
        GenericRecord written = new GenericData.Record(earlier);
        var target = new GenericData.Record(earlier.getField("target").schema());
        target.put("namespace", "public");
        target.put("name", "film");
        var attempt = new GenericData.Record(earlier.getField("attempt").schema());
        attempt.put("number", 2);
        attempt.put("ownerEpoch", 9L);
        written.put("target", target);
        written.put("attempt", attempt);
        written.put("snapshotLsn", 77L);
        written.put("ended", true);
        written.put("rows", 5L);

        // When
        var read =
                new RecordCodec(bookOf(earlier))
                        .decode(encode(earlier, written), dev.godwit.schemas.TableLoad.class);

        // Then
        assertThat(read.getSnapshotLsn()).isEqualTo(77L);
        assertThat(read.getRows()).isEqualTo(5L);
        assertThat(read.getBytes()).isZero();
        assertThat(read.getSources()).isEmpty();
        assertThat(read.getFilenodes()).isEmpty();
        assertThat(read.getWish()).isZero();
    }

    @Test
    void aMappingOfBeforeFiltersAndColumnListsIsTheWholeTable() throws Exception {
        Schema now = dev.godwit.schemas.TableMapping.getClassSchema();
        Schema earlier = without(now, "root", "filter", "columns", "wish");
        GenericRecord written = new GenericData.Record(earlier);
        for (String side : List.of("source", "target")) {
            var name = new GenericData.Record(earlier.getField(side).schema());
            name.put("namespace", "public");
            name.put("name", "film");
            written.put(side, name);
        }

        dev.godwit.schemas.TableMapping read =
                new org.apache.avro.specific.SpecificDatumReader<dev.godwit.schemas.TableMapping>(
                                earlier, now)
                        .read(
                                null,
                                DecoderFactory.get()
                                        .binaryDecoder(
                                                encode(earlier, written),
                                                10,
                                                encode(earlier, written).length - 10,
                                                null));

        assertThat(read.getRoot()).isNull();
        assertThat(read.getFilter()).isNull();
        assertThat(read.getColumns()).isEmpty();
        assertThat(read.getWish()).isZero();
    }

    @Test
    void aRecordWhoseSchemaNobodyPublishedIsRefused() throws Exception {
        Schema later =
                with(
                        Marker.getClassSchema(),
                        new Schema.Field(
                                "reason", Schema.create(Schema.Type.STRING), null, "none"));
        GenericRecord written = new GenericData.Record(later);
        fill(written);
        written.put("reason", "rehearsal");
        byte[] bytes = encode(later, written);

        assertThatThrownBy(() -> codec.decode(bytes)).isInstanceOf(UnknownSchemaException.class);
        assertThatThrownBy(() -> codec.decode(new byte[] {1, 2, 3}))
                .isInstanceOf(UnknownSchemaException.class);
    }

    private static void fill(GenericRecord marker) {
        marker.put("id", "m1");
        marker.put(
                "kind",
                new GenericData.EnumSymbol(marker.getSchema().getField("kind").schema(), "FINAL"));
        marker.put("finalLsn", 12L);
        marker.put("ordinal", -1L);
        marker.put("commitMicros", 34L);
        marker.put("changesBefore", 56L);
    }

    private static SchemaBook bookOf(Schema schema) {
        Map<Long, Schema> book = Map.of(RecordCodec.fingerprint(schema), schema);
        return fingerprint -> Optional.ofNullable(book.get(fingerprint));
    }

    private static Schema with(Schema schema, Schema.Field more) {
        var fields =
                new java.util.ArrayList<>(
                        schema.getFields().stream()
                                .map(field -> new Schema.Field(field, field.schema()))
                                .toList());
        fields.add(more);
        return Schema.createRecord(
                schema.getName(), schema.getDoc(), schema.getNamespace(), false, fields);
    }

    private static Schema without(Schema schema, String... names) {
        var fields =
                schema.getFields().stream()
                        .filter(field -> !List.of(names).contains(field.name()))
                        .map(field -> new Schema.Field(field, field.schema()))
                        .toList();
        return Schema.createRecord(
                schema.getName(), schema.getDoc(), schema.getNamespace(), false, fields);
    }

    private static byte[] encode(Schema schema, GenericRecord written) throws Exception {
        var out = new ByteArrayOutputStream();
        out.write(
                ByteBuffer.allocate(10)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put((byte) 0xC3)
                        .put((byte) 1)
                        .putLong(RecordCodec.fingerprint(schema))
                        .array());
        var encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(schema).write(written, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    private static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
