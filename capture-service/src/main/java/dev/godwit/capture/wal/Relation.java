// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.postgres.TypeOids;
import dev.godwit.schemas.Column;
import dev.godwit.schemas.QualifiedName;
import dev.godwit.schemas.ReplicaIdentity;
import dev.godwit.schemas.SchemaChange;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What travels of a routed source table, as the newest RELATION message describes it. */
final class Relation {
    private final TableRouting.Route route;
    private final SchemaChange shape;

    /** By the place in the messages; null if every column travels. */
    private final boolean @Nullable [] kept;

    private final boolean[] hashed;
    private final byte[] keyPrefix;
    private boolean announced;

    private Relation(TableRouting.Route route, SchemaChange shape, boolean @Nullable [] kept) {
        this.route = route;
        this.shape = shape;
        this.kept = kept;
        this.hashed = new boolean[shape.getColumns().size()];
        if (shape.getIdentity() != ReplicaIdentity.FULL_ROW) {
            for (int i = 0; i < hashed.length; i++) {
                hashed[i] = shape.getColumns().get(i).getKey();
            }
        }
        this.keyPrefix = (route.target() + "/").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads a RELATION message behind its type byte and oid.
     *
     * @param types the names that TYPE messages have told
     * @throws MigrationException SCHEMA_CHANGED if what finds a row is not among what travels
     */
    static Relation read(
            int oid, TableRouting.Route route, Map<Integer, QualifiedName> types, Bytes message) {
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
        var kept = new boolean[count];
        for (int i = 0; i < count; i++) {
            boolean key = (message.int8() & 1) != 0;
            String name = message.string();
            int type = message.int32();
            var column =
                    new Column(
                            name,
                            type,
                            message.int32(),
                            key,
                            TypeOids.isOwn(type) ? types.get(type) : null);
            kept[i] = route.carried().holds(column.getName());
            if (kept[i]) {
                columns.add(column);
            } else if (key && identity != ReplicaIdentity.FULL_ROW) {
                throw unidentified(route, column);
            }
        }
        return new Relation(
                route,
                new SchemaChange(
                        oid, route.source().toAvro(), route.target().toAvro(), identity, columns),
                columns.size() == count ? null : kept);
    }

    private static MigrationException unidentified(TableRouting.Route route, Column column) {
        return new MigrationException(
                ErrorCode.SCHEMA_CHANGED,
                "the replica identity of table %s now holds column %s, which is not in the mapping's column list"
                        .formatted(route.source(), column.getName()),
                "Cancel this migration and start a fresh one with that column in the list.",
                null);
    }

    TableRouting.Route route() {
        return route;
    }

    TableName source() {
        return route.source();
    }

    SchemaChange shape() {
        return shape;
    }

    int oid() {
        return shape.getRelation();
    }

    /** Of what travels, and of the messages. */
    boolean sameShape(Relation other) {
        return shape.equals(other.shape) && Arrays.equals(kept, other.kept);
    }

    /** Whether this owner has written the shape to the log. */
    boolean announced() {
        return announced;
    }

    void setAnnounced() {
        announced = true;
    }

    /**
     * How many of a message's columns travel.
     *
     * @param count of the message
     */
    int width(int count) {
        boolean[] some = kept;
        if (some == null) {
            return count;
        }
        if (some.length != count) {
            throw new PgOutputException("a tuple has not as many columns as its relation");
        }
        return shape.getColumns().size();
    }

    /** Whether the column at this place of the message travels. */
    boolean keeps(int place) {
        boolean[] some = kept;
        return some == null || some[place];
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
