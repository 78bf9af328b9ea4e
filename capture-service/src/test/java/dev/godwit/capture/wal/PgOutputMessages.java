// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Writes pgoutput messages as the server does, into one record. */
final class PgOutputMessages {
    /** Stands for an unchanged TOAST value in a tuple. */
    static final String UNCHANGED = "\0unchanged";

    private static final long MICROS_1970_TO_2000 = 946_684_800_000_000L;

    private final ByteArrayOutputStream record = new ByteArrayOutputStream();

    private interface Fields {
        void write(DataOutputStream out) throws IOException;
    }

    PgOutputMessages() {
        record.write('F');
    }

    PgOutputMessages begin(long finalLsn, long commitMicros, int xid) {
        return message(
                'B',
                out -> {
                    out.writeLong(finalLsn);
                    out.writeLong(commitMicros - MICROS_1970_TO_2000);
                    out.writeInt(xid);
                });
    }

    PgOutputMessages commit(long commitLsn, long endLsn) {
        return message(
                'C',
                out -> {
                    out.writeByte(0);
                    out.writeLong(commitLsn);
                    out.writeLong(endLsn);
                    out.writeLong(0);
                });
    }

    /** Columns named a, b, ... of type text; the first {@code keys} of them are the key. */
    PgOutputMessages relation(
            int oid, String schema, String table, char identity, int columns, int keys) {
        return message(
                'R',
                out -> {
                    out.writeInt(oid);
                    string(out, schema);
                    string(out, table);
                    out.writeByte(identity);
                    out.writeShort(columns);
                    for (int i = 0; i < columns; i++) {
                        out.writeByte(i < keys ? 1 : 0);
                        string(out, String.valueOf((char) ('a' + i)));
                        out.writeInt(25);
                        out.writeInt(-1);
                    }
                });
    }

    PgOutputMessages insert(int oid, @Nullable String... after) {
        return message(
                'I',
                out -> {
                    out.writeInt(oid);
                    tuple(out, 'N', after);
                });
    }

    /**
     * @param kind of the old tuple: K, O, or N for none
     */
    PgOutputMessages update(
            int oid, char kind, @Nullable String[] before, @Nullable String... after) {
        return message(
                'U',
                out -> {
                    out.writeInt(oid);
                    if (kind != 'N') {
                        tuple(out, kind, before);
                    }
                    tuple(out, 'N', after);
                });
    }

    PgOutputMessages delete(int oid, char kind, @Nullable String... before) {
        return message(
                'D',
                out -> {
                    out.writeInt(oid);
                    tuple(out, kind, before);
                });
    }

    PgOutputMessages truncate(int options, int... oids) {
        return message(
                'T',
                out -> {
                    out.writeInt(oids.length);
                    out.writeByte(options);
                    for (int oid : oids) {
                        out.writeInt(oid);
                    }
                });
    }

    PgOutputMessages logical(String prefix, String content) {
        return message(
                'M',
                out -> {
                    out.writeByte(1);
                    out.writeLong(0);
                    string(out, prefix);
                    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
                    out.writeInt(bytes.length);
                    out.write(bytes);
                });
    }

    PgOutputMessages other(char type) {
        return message(type, out -> string(out, "whatever"));
    }

    PgOutputMessages keepAlive(long walEnd) {
        record.writeBytes(ByteBuffer.allocate(12).putInt(-1).putLong(walEnd).array());
        return this;
    }

    ByteBuffer content() {
        return ByteBuffer.wrap(record.toByteArray());
    }

    private PgOutputMessages message(char type, Fields fields) {
        try {
            var bytes = new ByteArrayOutputStream();
            var out = new DataOutputStream(bytes);
            out.writeByte(type);
            fields.write(out);
            record.writeBytes(ByteBuffer.allocate(4).putInt(bytes.size()).array());
            record.writeBytes(bytes.toByteArray());
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void tuple(DataOutputStream out, char kind, @Nullable String[] cells)
            throws IOException {
        out.writeByte(kind);
        out.writeShort(cells.length);
        for (String cell : cells) {
            if (cell == null) {
                out.writeByte('n');
            } else if (cell.equals(UNCHANGED)) {
                out.writeByte('u');
            } else {
                out.writeByte('t');
                byte[] bytes = cell.getBytes(StandardCharsets.UTF_8);
                out.writeInt(bytes.length);
                out.write(bytes);
            }
        }
    }

    private static void string(DataOutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.writeByte(0);
    }
}
