// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Column;
import dev.godwit.schemas.ReplicaIdentity;
import dev.godwit.schemas.SchemaChange;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A routed source table as the newest RELATION message describes it. */
final class Relation {
    private final TableName source;
    private final SchemaChange shape;
    private final boolean[] hashed;
    private final byte[] keyPrefix;
    private boolean announced;

    private Relation(TableName source, TableName target, SchemaChange shape) {
        this.source = source;
        this.shape = shape;
        this.hashed = new boolean[shape.getColumns().size()];
        if (shape.getIdentity() != ReplicaIdentity.FULL_ROW) {
            for (int i = 0; i < hashed.length; i++) {
                hashed[i] = shape.getColumns().get(i).getKey();
            }
        }
        this.keyPrefix = (target + "/").getBytes(StandardCharsets.UTF_8);
    }

    /** Reads a RELATION message behind its type byte and oid. */
    static Relation read(int oid, TableName source, TableName target, Bytes message) {
        ReplicaIdentity identity =
                switch (message.int8()) {
                    case 'd' -> ReplicaIdentity.DEFAULT_KEY;
                    case 'n' -> ReplicaIdentity.NO_IDENTITY;
                    case 'f' -> ReplicaIdentity.FULL_ROW;
                    case 'i' -> ReplicaIdentity.INDEX_KEY;
                    default -> throw new PgOutputException("unknown replica identity");
                };
        int count = message.int16();
        List<Column> columns = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            boolean key = (message.int8() & 1) != 0;
            columns.add(new Column(message.string(), message.int32(), message.int32(), key));
        }
        return new Relation(
                source,
                target,
                new SchemaChange(oid, source.toAvro(), target.toAvro(), identity, columns));
    }

    TableName source() {
        return source;
    }

    TableName target() {
        return TableName.of(shape.getTarget());
    }

    SchemaChange shape() {
        return shape;
    }

    int oid() {
        return shape.getRelation();
    }

    boolean sameShape(Relation other) {
        return shape.equals(other.shape);
    }

    /** Whether this owner has written the shape to the log. */
    boolean announced() {
        return announced;
    }

    void setAnnounced() {
        announced = true;
    }

    /** Whether a column goes into the row's part of the Kafka key. */
    boolean hashed(int column) {
        return column < hashed.length && hashed[column];
    }

    /** The Kafka key of a row: the target table, and a hash of the row's key. */
    byte[] key(int hash) {
        byte[] key = new byte[keyPrefix.length + Integer.BYTES * 2];
        System.arraycopy(keyPrefix, 0, key, 0, keyPrefix.length);
        for (int i = key.length - 1, rest = hash; i >= keyPrefix.length; i--, rest >>>= 4) {
            key[i] = (byte) Character.forDigit(rest & 0xF, 16);
        }
        return key;
    }
}
