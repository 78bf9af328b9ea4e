// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.Block;
import dev.godwit.schemas.PieceEnd;
import dev.godwit.schemas.PieceId;
import dev.godwit.schemas.PieceStart;
import dev.godwit.schemas.TableEnd;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** A load partition's log in memory, as capture would write it. */
final class LoadLog {
    private final RecordCodec codec = new RecordCodec(SchemaBook.ownOnly());
    private final List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
    private final TableName table;
    private final List<String> columns;

    LoadLog(TableName table, List<String> columns) {
        this.table = table;
        this.columns = columns;
    }

    LoadLog append(SpecificRecord message) {
        records.add(new ConsumerRecord<>("load", 0, records.size(), null, codec.encode(message)));
        return this;
    }

    /** Start, blocks of seven bytes, end. */
    LoadLog piece(Attempt attempt, int chunk, int piece, String rows) {
        return start(attempt, chunk, piece)
                .blocks(attempt, chunk, piece, rows)
                .end(attempt, chunk, piece, rows, 0);
    }

    LoadLog start(Attempt attempt, int chunk, int piece) {
        return append(new PieceStart(id(attempt, chunk, piece), columns));
    }

    LoadLog blocks(Attempt attempt, int chunk, int piece, String rows) {
        return blocksAfter(attempt, chunk, piece, "", rows);
    }

    /** More blocks of a piece, whose rows before are already in blocks. */
    LoadLog blocksAfter(Attempt attempt, int chunk, int piece, String before, String rows) {
        byte[] bytes = rows.getBytes(StandardCharsets.UTF_8);
        int sequence = (before.getBytes(StandardCharsets.UTF_8).length + 6) / 7;
        for (int from = 0; from < bytes.length; from += 7) {
            append(
                    new Block(
                            id(attempt, chunk, piece),
                            sequence++,
                            ByteBuffer.wrap(bytes, from, Math.min(7, bytes.length - from))
                                    .slice()));
        }
        return this;
    }

    /** The end of a piece; the checksum is off by the error given. */
    LoadLog end(Attempt attempt, int chunk, int piece, String rows, int error) {
        byte[] bytes = rows.getBytes(StandardCharsets.UTF_8);
        var crc = new CRC32C();
        crc.update(bytes);
        return append(
                new PieceEnd(
                        id(attempt, chunk, piece),
                        rows.lines().count(),
                        (long) bytes.length,
                        crc.getValue() + error));
    }

    LoadLog tableEnd(Attempt attempt, List<Integer> pieces) {
        return append(new TableEnd(table.toAvro(), attempt, pieces, 0L, 1L));
    }

    List<ConsumerRecord<String, byte[]>> from(long offset) {
        return List.copyOf(records.subList((int) offset, records.size()));
    }

    long end() {
        return records.size();
    }

    private PieceId id(Attempt attempt, int chunk, int piece) {
        return new PieceId(table.toAvro(), attempt, chunk, piece);
    }
}
