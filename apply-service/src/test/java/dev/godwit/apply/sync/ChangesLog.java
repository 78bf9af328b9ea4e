// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.schemas.Change;
import dev.godwit.schemas.ChangeFragment;
import dev.godwit.schemas.Column;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.OldRow;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.QualifiedName;
import dev.godwit.schemas.ReplicaIdentity;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.SequenceValue;
import dev.godwit.schemas.Sequences;
import dev.godwit.schemas.StreamStart;
import dev.godwit.schemas.Truncate;
import dev.godwit.schemas.Unchanged;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A changes log as capture would write it: a change is a transaction of its own, unless it was said
 * otherwise.
 */
final class ChangesLog {
    /** A cell that is not in the WAL. */
    static final String SAME = new String("unchanged");

    private final RecordCodec codec = new RecordCodec(SchemaBook.ownOnly());
    private final List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
    private long lsn = 1000;
    private long changes;
    private int open;
    private long ordinal;

    ChangesLog() {
        add(new StreamStart("7", 900L, "godwit_abc"));
    }

    synchronized List<ConsumerRecord<String, byte[]>> from(long offset) {
        return List.copyOf(records.subList((int) offset, records.size()));
    }

    synchronized long end() {
        return records.size();
    }

    long lsn() {
        return lsn;
    }

    long changes() {
        return changes;
    }

    /** Names its columns; a star behind a name makes it part of the identity. */
    ChangesLog table(int relation, String name, ReplicaIdentity identity, String... columns) {
        return table(relation, name, name, identity, columns);
    }

    ChangesLog table(
            int relation,
            String source,
            String target,
            ReplicaIdentity identity,
            String... columns) {
        add(
                new SchemaChange(
                        relation,
                        new QualifiedName("public", source),
                        new QualifiedName("public", target),
                        identity,
                        Arrays.stream(columns).map(ChangesLog::column).toList()));
        return this;
    }

    private static Column column(String spec) {
        boolean key = spec.endsWith("*");
        String[] parts = (key ? spec.substring(0, spec.length() - 1) : spec).split(":", -1);
        return new Column(
                parts[0],
                parts.length > 1 ? Integer.parseInt(parts[1]) : 25,
                parts.length > 3 ? Integer.parseInt(parts[3]) : -1,
                key,
                parts.length > 2 ? new QualifiedName("public", parts[2]) : null);
    }

    /** The next changes of rows, this many, are one transaction. */
    synchronized ChangesLog inOne(int changesOfRows) {
        open = changesOfRows;
        return this;
    }

    ChangesLog insert(int relation, @Nullable String... after) {
        return change(relation, Operation.INSERT, OldRow.NONE, List.of(), cells(after));
    }

    ChangesLog update(int relation, @Nullable String... after) {
        return change(relation, Operation.UPDATE, OldRow.NONE, List.of(), cells(after));
    }

    /** With the old key, as pgoutput sends it when the key has changed. */
    ChangesLog rekey(int relation, List<@Nullable Object> before, @Nullable String... after) {
        return change(relation, Operation.UPDATE, OldRow.KEY, before, cells(after));
    }

    ChangesLog updateFull(int relation, List<@Nullable Object> before, @Nullable String... after) {
        return change(relation, Operation.UPDATE, OldRow.FULL, before, cells(after));
    }

    ChangesLog delete(int relation, @Nullable String... key) {
        return change(relation, Operation.DELETE, OldRow.KEY, cells(key), List.of());
    }

    ChangesLog deleteFull(int relation, @Nullable String... row) {
        return change(relation, Operation.DELETE, OldRow.FULL, cells(row), List.of());
    }

    static List<@Nullable Object> cells(@Nullable String... texts) {
        var cells = new ArrayList<@Nullable Object>();
        for (String text : texts) {
            if (text == null) {
                cells.add(null);
            } else if (isSame(text)) {
                cells.add(Unchanged.UNCHANGED_TOAST);
            } else {
                cells.add(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            }
        }
        return cells;
    }

    @SuppressWarnings({"ReferenceEquality", "StringEquality"})
    static boolean isSame(@Nullable String text) {
        return text == SAME;
    }

    synchronized ChangesLog change(
            int relation,
            Operation operation,
            OldRow old,
            List<@Nullable Object> before,
            List<@Nullable Object> after) {
        if (ordinal == 0) {
            lsn += 100;
        }
        changes++;
        open = Math.max(0, open - 1);
        add(standing(relation, operation, old, before, after));
        ordinal = open == 0 ? 0 : ordinal + 1;
        return this;
    }

    private Change standing(
            int relation,
            Operation operation,
            OldRow old,
            List<@Nullable Object> before,
            List<@Nullable Object> after) {
        @SuppressWarnings(
                "NullAway") // Avro's own class is unmarked: a null cell is its null branch
        List<Object> was = (List<Object>) (List<?>) before;
        @SuppressWarnings("NullAway")
        List<Object> is = (List<Object>) (List<?>) after;
        return new Change(relation, operation, lsn, ordinal, 1L, lsn * 10, open == 0, old, was, is);
    }

    /** A change in fragments of this many bytes. */
    synchronized ChangesLog wide(
            int relation, Operation operation, List<@Nullable Object> after, int fragmentBytes) {
        lsn += 100;
        changes++;
        byte[] whole = codec.encode(standing(relation, operation, OldRow.NONE, List.of(), after));
        var crc = new CRC32C();
        crc.update(whole);
        int count = (whole.length + fragmentBytes - 1) / fragmentBytes;
        for (int number = 0; number < count; number++) {
            int from = number * fragmentBytes;
            int bytes = Math.min(fragmentBytes, whole.length - from);
            add(
                    new ChangeFragment(
                            lsn,
                            0L,
                            number,
                            count,
                            (long) whole.length,
                            crc.getValue(),
                            ByteBuffer.wrap(whole, from, bytes)));
        }
        return this;
    }

    synchronized ChangesLog truncate(int... relations) {
        lsn += 100;
        changes += relations.length;
        add(
                new Truncate(
                        Arrays.stream(relations).boxed().toList(),
                        false,
                        false,
                        lsn,
                        0L,
                        1L,
                        lsn * 10,
                        true));
        return this;
    }

    ChangesLog gate(String id) {
        return marker(id, MarkerKind.GATE, changes);
    }

    ChangesLog end(String id) {
        return marker(id, MarkerKind.FINAL, changes);
    }

    synchronized ChangesLog marker(String id, MarkerKind kind, long changesBefore) {
        lsn += 100;
        add(new Marker(id, kind, lsn, -1L, lsn * 10, changesBefore));
        return this;
    }

    ChangesLog sequences(String marker) {
        add(
                new Sequences(
                        marker,
                        List.of(
                                new SequenceValue(
                                        new QualifiedName("public", "s"),
                                        42L,
                                        true,
                                        null,
                                        false))));
        return this;
    }

    private synchronized void add(SpecificRecord record) {
        records.add(
                new ConsumerRecord<>(
                        "godwit.abc.changes", 0, records.size(), "", codec.encode(record)));
    }
}
