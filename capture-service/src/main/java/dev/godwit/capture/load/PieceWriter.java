// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.crash.CrashPoints;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.Block;
import dev.godwit.schemas.PieceEnd;
import dev.godwit.schemas.PieceId;
import dev.godwit.schemas.PieceStart;
import dev.godwit.schemas.codec.RecordCodec;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Cuts one chunk's rows into pieces and those into blocks. A row's bytes are copied once, straight
 * into the record that carries them: a Block's content is its last field (Avro specification,
 * "Binary encoding"), so a record is the encoding of an empty block up to the content's length,
 * then the length, then the rows. Belongs to one thread.
 */
final class PieceWriter {
    private final LoadSettings settings;
    private final LoadTopic topic;
    private final int partition;
    private final Backlog backlog;
    private final RecordCodec codec;
    private final AttemptProgress attempt;
    private final int chunk;
    private final List<String> columns;
    private final CrashPoints crashPoints;
    private final CRC32C crc = new CRC32C();

    private @Nullable PieceId piece;
    private int pieces;
    private int blocks;
    private long pieceRows;
    private long pieceBytes;
    private byte[] block = {};
    private int contentStart;
    private int fill;

    PieceWriter(
            LoadSettings settings,
            LoadTopic topic,
            int partition,
            Backlog backlog,
            RecordCodec codec,
            AttemptProgress attempt,
            int chunk,
            List<String> columns,
            CrashPoints crashPoints) {
        this.settings = settings;
        this.topic = topic;
        this.partition = partition;
        this.backlog = backlog;
        this.codec = codec;
        this.attempt = attempt;
        this.chunk = chunk;
        this.columns = columns;
        this.crashPoints = crashPoints;
    }

    /** One whole row with its newline. Waits while the backlog is full, or Kafka is slow. */
    void row(byte[] row) throws InterruptedException {
        PieceId open = piece;
        if (open != null && pieceBytes + row.length > settings.pieceBytes()) {
            end(open);
            open = null;
        }
        if (open == null) {
            open = begin();
        }
        int from = 0;
        while (from < row.length) {
            if (fill == block.length) {
                sendBlock();
                beginBlock(open);
            }
            int length = Math.min(row.length - from, block.length - fill);
            System.arraycopy(row, from, block, fill, length);
            from += length;
            fill += length;
        }
        pieceRows++;
        pieceBytes += row.length;
    }

    /** Ends the last piece and returns the number of pieces. */
    int finish() {
        PieceId open = piece;
        if (open != null) {
            end(open);
        }
        return pieces;
    }

    /** Leaves a piece without its end: whoever reads it will cancel it. */
    void abandon() {
        ReentrantLock lock = topic.piece(partition);
        if (lock.isHeldByCurrentThread()) {
            lock.unlock();
        }
    }

    private PieceId begin() throws InterruptedException {
        backlog.awaitRoom();
        topic.piece(partition).lockInterruptibly();
        TableName target = attempt.target();
        Attempt number = attempt.load().getAttempt();
        var opened = new PieceId(target.toAvro(), number, chunk, pieces);
        piece = opened;
        pieces++;
        blocks = 0;
        pieceRows = 0;
        pieceBytes = 0;
        crc.reset();
        send(new PieceStart(opened, columns));
        beginBlock(opened);
        return opened;
    }

    private void end(PieceId open) {
        sendBlock();
        long bytes = pieceBytes;
        byte[] value = codec.encode(new PieceEnd(open, pieceRows, bytes, crc.getValue()));
        attempt.sending();
        topic.send(
                partition,
                value,
                (record, refused) -> {
                    if (refused == null) {
                        backlog.sent(
                                new TopicPartition(record.topic(), record.partition()),
                                record.offset(),
                                bytes);
                    }
                    attempt.acknowledged(refused);
                });
        attempt.read(pieceRows, bytes);
        piece = null;
        topic.piece(partition).unlock();
        crashPoints.reach(CrashPoint.AFTER_PIECE);
    }

    private void beginBlock(PieceId open) {
        byte[] empty = codec.encode(new Block(open, blocks, ByteBuffer.allocate(0)));
        int head = empty.length - 1;
        contentStart = head + lengthBytes(settings.blockBytes());
        block = Arrays.copyOf(empty, contentStart + settings.blockBytes());
        fill = contentStart;
        blocks++;
    }

    private void sendBlock() {
        int length = fill - contentStart;
        if (length == 0) {
            blocks--;
            return;
        }
        crc.update(block, contentStart, length);
        int reserved = lengthBytes(settings.blockBytes());
        int head = contentStart - reserved;
        byte[] record = block;
        if (lengthBytes(length) != reserved) {
            record = new byte[head + lengthBytes(length) + length];
            System.arraycopy(block, 0, record, 0, head);
            System.arraycopy(block, contentStart, record, head + lengthBytes(length), length);
        } else if (fill != block.length) {
            record = Arrays.copyOf(block, fill);
        }
        writeLength(record, head, length);
        attempt.sending();
        topic.send(partition, record, (sent, refused) -> attempt.acknowledged(refused));
    }

    private void send(SpecificRecord message) {
        byte[] value = codec.encode(message);
        attempt.sending();
        topic.send(partition, value, (sent, refused) -> attempt.acknowledged(refused));
    }

    /** Avro's long: zig-zag, seven bits a byte, the lowest first. */
    private static int lengthBytes(int length) {
        int bytes = 1;
        for (long rest = ((long) length << 1) >>> 7; rest != 0; rest >>>= 7) {
            bytes++;
        }
        return bytes;
    }

    private static void writeLength(byte[] record, int at, int length) {
        long rest = (long) length << 1;
        int position = at;
        while (rest >>> 7 != 0) {
            record[position] = (byte) ((rest & 0x7F) | 0x80);
            rest >>>= 7;
            position++;
        }
        record[position] = (byte) rest;
    }
}
