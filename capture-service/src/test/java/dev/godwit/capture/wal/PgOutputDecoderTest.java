// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import static dev.godwit.capture.fixture.LogReader.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.capture.publish.Position;
import dev.godwit.capture.source.Carried;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Change;
import dev.godwit.schemas.Column;
import dev.godwit.schemas.Marker;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.OldRow;
import dev.godwit.schemas.Operation;
import dev.godwit.schemas.ReplicaIdentity;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.Truncate;
import dev.godwit.schemas.Unchanged;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PgOutputDecoderTest {
    private static final int ITEM = 100;
    private static final int PAIR = 200;
    private static final int FOREIGN = 300;
    private static final long MICROS = 1_800_000_000_123_456L;
    private static final @Nullable String[] NO_ROW = {};

    private final Queue<MarkerRequest> requested = new ArrayDeque<>();
    private PgOutputDecoder decoder = decoder();
    private RecordingSink sink = new RecordingSink(Position.ORIGIN);

    @Test
    void carriesEveryKindOfCellAndOldRow() throws Exception {
        // When
        read(
                tables().begin(1000, MICROS, -7)
                        .insert(ITEM, "1", null, "ü")
                        .update(ITEM, 'N', NO_ROW, "1", "x", PgOutputMessages.UNCHANGED)
                        .update(
                                ITEM,
                                'K',
                                row("1", null, null),
                                "2",
                                "x",
                                PgOutputMessages.UNCHANGED)
                        .update(PAIR, 'O', row("a", "b"), "c", "")
                        .delete(ITEM, 'K', "2", null, null)
                        .delete(PAIR, 'O', "c", "")
                        .commit(1000, 1050));
        // Then
        var changes = sink.all(Change.class);
        assertThat(changes)
                .extracting(Change::getOperation)
                .containsExactly(
                        Operation.INSERT,
                        Operation.UPDATE,
                        Operation.UPDATE,
                        Operation.UPDATE,
                        Operation.DELETE,
                        Operation.DELETE);
        assertThat(changes)
                .extracting(Change::getOldRow)
                .containsExactly(
                        OldRow.NONE, OldRow.NONE, OldRow.KEY, OldRow.FULL, OldRow.KEY, OldRow.FULL);
        assertThat(changes).extracting(Change::getOrdinal).containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
        assertThat(changes)
                .extracting(Change::getLastInTransaction)
                .containsExactly(false, false, false, false, false, true);
        assertThat(changes)
                .allSatisfy(change -> {
                    assertThat(change.getFinalLsn()).isEqualTo(1000);
                    assertThat(change.getXid()).isEqualTo(4_294_967_289L);
                    assertThat(change.getCommitMicros()).isEqualTo(MICROS);
                });
        assertThat(changes.get(0).getAfter().get(1)).isNull();
        assertThat(text(changes.get(0).getAfter().get(2))).isEqualTo("ü");
        assertThat(changes.get(1).getAfter().get(2)).isEqualTo(Unchanged.UNCHANGED_TOAST);
        assertThat(text(changes.get(2).getBefore().get(0))).isEqualTo("1");
        assertThat(text(changes.get(3).getAfter().get(1))).isEmpty();
        assertThat(changes.get(4).getAfter()).isEmpty();
        assertThat(decoder.flushable()).isEqualTo(1050);
    }

    @Test
    void encodesTheBytesThatTheContractsCodecWrites() throws Exception {
        // Given
        var codec = new RecordCodec(SchemaBook.ownOnly());
        var relation =
                Relation.read(
                        ITEM,
                        new TableRouting.Route(
                                new TableName("public", "item"), new TableName("public", "item")),
                        Map.of(),
                        new Bytes(new byte[] {'d', 0, 0}, 0, 3));
        byte[] tuple = {'N', 0, 3, 'n', 'u', 't', 0, 0, 0, 2, 'h', 'i'};
        // When
        byte[] encoded =
                new ChangeEncoder()
                        .encode(
                                relation,
                                Operation.UPDATE,
                                new Transaction(-2, MICROS, 77),
                                12_345_678_901L,
                                tuple,
                                0,
                                tuple.length);
        // Then
        assertThat(codec.encode(codec.decode(encoded))).isEqualTo(encoded);
    }

    @Test
    void announcesAShapeBeforeItsFirstUseAndWhenItChanges() throws Exception {
        // When
        read(
                tables().begin(1000, MICROS, 1)
                        .insert(ITEM, "1", "x", "y")
                        .insert(ITEM, "2", "x", "y")
                        .relation(ITEM, "public", "item", 'd', 3, 1)
                        .insert(ITEM, "3", "x", "y")
                        .relation(ITEM, "public", "item", 'd', 4, 1)
                        .insert(ITEM, "4", "x", "y", "z")
                        .commit(1000, 1050));
        // Then
        assertThat(sink.records)
                .extracting(Object::getClass)
                .extracting(Class::getSimpleName)
                .containsExactly(
                        "SchemaChange", "Change", "Change", "Change", "SchemaChange", "Change");
        SchemaChange shape = sink.all(SchemaChange.class).getFirst();
        assertThat(shape.getRelation()).isEqualTo(ITEM);
        assertThat(shape.getTarget().getNamespace()).isEqualTo("target");
        assertThat(shape.getIdentity()).isEqualTo(ReplicaIdentity.DEFAULT_KEY);
        assertThat(shape.getColumns())
                .extracting(Column::getKey)
                .containsExactly(true, false, false);
    }

    /** While a table joins, the server may send its rows at one reading, and not at another. */
    @Test
    void countsNoRowOfATableThatIsNotRouted() throws Exception {
        // When
        read(
                tables().begin(1000, MICROS, 1)
                        .insert(FOREIGN, "x")
                        .insert(ITEM, "1", "x", "y")
                        .insert(FOREIGN, "x")
                        .truncate(0, FOREIGN)
                        .commit(1000, 1050));
        // Then
        assertThat(sink.all(Change.class))
                .singleElement()
                .satisfies(change -> {
                    assertThat(change.getOrdinal()).isZero();
                    assertThat(change.getLastInTransaction()).isTrue();
                });
        assertThat(sink.all(SchemaChange.class)).hasSize(1);
    }

    @Test
    void keepsTheTargetOfATableThatIsRenamedMeanwhile() throws Exception {
        // When
        read(
                tables().begin(1000, MICROS, 1)
                        .relation(ITEM, "foreign", "renamed", 'd', 3, 1)
                        .insert(ITEM, "1", "x", "y")
                        .commit(1000, 1050));
        // Then
        assertThat(sink.all(Change.class)).hasSize(1);
        assertThat(sink.all(SchemaChange.class).getFirst().getTarget().getName()).isEqualTo("item");
    }

    @Test
    void carriesATruncateOfSeveralTablesAsOne() throws Exception {
        // When
        read(tables().begin(1000, MICROS, 1).truncate(3, ITEM, FOREIGN, PAIR).commit(1000, 1050));
        // Then
        assertThat(sink.all(Truncate.class))
                .singleElement()
                .satisfies(truncate -> {
                    assertThat(truncate.getRelations()).containsExactly(ITEM, PAIR);
                    assertThat(truncate.getCascade()).isTrue();
                    assertThat(truncate.getRestartIdentity()).isTrue();
                    assertThat(truncate.getLastInTransaction()).isTrue();
                });
    }

    @Test
    void holdsAChangeBackOverTheEndOfABatch() throws Exception {
        // When
        read(tables().begin(1000, MICROS, 1).insert(ITEM, "1", "x", "y"));
        // Then
        assertThat(sink.all(Change.class)).isEmpty();
        // When
        read(new PgOutputMessages().commit(1000, 1050));
        // Then
        assertThat(sink.all(Change.class)).singleElement().matches(Change::getLastInTransaction);
    }

    @Test
    void beginsAnewWhenTheStreamJumpsBack() throws Exception {
        // Given
        read(
                tables().begin(1000, MICROS, 1)
                        .insert(ITEM, "1", "x", "y")
                        .insert(ITEM, "2", "x", "y"));
        // When
        read(
                tables().begin(1000, MICROS, 1)
                        .insert(ITEM, "1", "x", "y")
                        .insert(ITEM, "2", "x", "y")
                        .commit(1000, 1050));
        // Then
        assertThat(sink.all(Change.class)).extracting(Change::getOrdinal).containsExactly(0L, 1L);
        assertThat(sink.all(Change.class))
                .extracting(Change::getLastInTransaction)
                .containsExactly(false, true);
    }

    @Test
    void skipsWhatTheLogHolds() throws Exception {
        // Given
        sink = new RecordingSink(new Position(2000, 1));
        // When
        read(
                tables().begin(1000, MICROS, 1)
                        .insert(ITEM, "1", "x", "y")
                        .commit(1000, 1050)
                        .begin(2000, MICROS, 2)
                        .insert(ITEM, "2", "x", "y")
                        .insert(ITEM, "3", "x", "y")
                        .insert(ITEM, "4", "x", "y")
                        .commit(2000, 2050)
                        .begin(3000, MICROS, 3)
                        .insert(ITEM, "5", "x", "y")
                        .commit(3000, 3050));
        // Then
        assertThat(sink.all(Change.class))
                .extracting(change -> text(change.getAfter().getFirst()))
                .containsExactly("4", "5");
    }

    @Test
    void endsBetweenTransactionsWhenItIsToldTo() throws Exception {
        // Given
        read(tables().begin(1000, MICROS, 1).insert(ITEM, "1", "x", "y"));
        decoder.endBetweenTransactions();
        // When
        read(new PgOutputMessages().insert(ITEM, "2", "x", "y").commit(1000, 1050));
        boolean endedAtOnce = decoder.ended();
        read(
                new PgOutputMessages()
                        .begin(2000, MICROS, 2)
                        .insert(ITEM, "3", "x", "y")
                        .commit(2000, 2050)
                        .keepAlive(2100));
        // Then
        assertThat(endedAtOnce).isFalse();
        assertThat(decoder.ended()).isTrue();
        assertThat(decoder.flushable()).isEqualTo(1050);
        assertThat(sink.all(Change.class)).hasSize(2);
    }

    @Test
    void endsBehindATransactionThatTheLogHoldsInPart() throws Exception {
        // Given
        sink = new RecordingSink(new Position(2000, 0));
        decoder.endBetweenTransactions();
        // When
        read(
                tables().begin(2000, MICROS, 2)
                        .insert(ITEM, "1", "x", "y")
                        .insert(ITEM, "2", "x", "y")
                        .commit(2000, 2050)
                        .begin(3000, MICROS, 3)
                        .insert(ITEM, "3", "x", "y")
                        .commit(3000, 3050));
        // Then
        assertThat(decoder.ended()).isTrue();
        assertThat(sink.all(Change.class))
                .singleElement()
                .extracting(change -> text(change.getAfter().getFirst()))
                .isEqualTo("2");
    }

    @Test
    void comparesPositionsAsUnsigned() throws Exception {
        // Given
        sink = new RecordingSink(new Position(Long.MAX_VALUE, 0));
        // When
        read(
                tables().begin(Long.MIN_VALUE, MICROS, 1)
                        .insert(ITEM, "1", "x", "y")
                        .commit(Long.MIN_VALUE, Long.MIN_VALUE + 1));
        // Then
        assertThat(sink.all(Change.class)).hasSize(1);
        assertThat(decoder.flushable()).isEqualTo(Long.MIN_VALUE + 1);
    }

    @Test
    void turnsOurMessagesIntoMarkersOnce() throws Exception {
        PgOutputMessages messages =
                new PgOutputMessages()
                        .begin(1000, MICROS, 1)
                        .logical("godwit_x", "GATE m-1")
                        .commit(1000, 1050)
                        .begin(1100, MICROS, 2)
                        .logical("godwit_x", "HEARTBEAT")
                        .commit(1100, 1150)
                        .begin(1200, MICROS, 3)
                        .logical("godwit_other", "GATE m-2")
                        .commit(1200, 1250)
                        .other('O');
        // When
        read(messages);
        read(messages);
        // Then
        assertThat(sink.all(Marker.class))
                .containsExactly(new Marker("m-1", MarkerKind.GATE, 1000L, -1L, MICROS, 0L));
        assertThat(decoder.flushable()).isEqualTo(1250);
    }

    @Test
    void appendsARequestedMarkerOnceAKeepAliveHasPassedIt() throws Exception {
        // Given
        requested.add(new MarkerRequest(MarkerKind.GATE, "m-1", 1500, MICROS));
        // When
        read(
                tables().begin(1000, MICROS, 1)
                        .insert(ITEM, "1", "x", "y")
                        .commit(1000, 1050)
                        .keepAlive(1499));
        // Then
        assertThat(sink.all(Marker.class)).isEmpty();
        // When
        read(new PgOutputMessages().keepAlive(1500));
        // Then
        assertThat(sink.all(Marker.class))
                .containsExactly(new Marker("m-1", MarkerKind.GATE, 1500L, -1L, MICROS, 0L));
        assertThat(requested).isEmpty();
        assertThat(decoder.flushable()).isEqualTo(1500);
    }

    @Test
    void appendsARequestedMarkerBeforeATransactionBehindIt() throws Exception {
        // Given
        requested.add(new MarkerRequest(MarkerKind.FINAL, "m-1", 1500, MICROS));
        // When
        read(tables().begin(1600, MICROS, 1).insert(ITEM, "1", "x", "y").commit(1600, 1650));
        // Then
        assertThat(sink.records.getFirst())
                .isEqualTo(new Marker("m-1", MarkerKind.FINAL, 1600L, -1L, MICROS, 0L));
        assertThat(sink.all(Change.class)).hasSize(1);
    }

    @Test
    void putsNoRequestedMarkerIntoATransactionThatTheLogHoldsInPart() throws Exception {
        // Given
        requested.add(new MarkerRequest(MarkerKind.GATE, "m-1", 1500, MICROS));
        sink = new RecordingSink(new Position(1600, 0));
        // When
        read(
                tables().begin(1600, MICROS, 1)
                        .insert(ITEM, "1", "x", "y")
                        .insert(ITEM, "2", "x", "y")
                        .commit(1600, 1650)
                        .keepAlive(1700));
        // Then
        assertThat(sink.records)
                .extracting(Object::getClass)
                .extracting(Class::getSimpleName)
                .containsExactly("SchemaChange", "Change", "Marker");
    }

    @Test
    void spreadsRowsOverKafkaKeysByTargetAndKey() throws Exception {
        // When
        read(
                tables().begin(1000, MICROS, 1)
                        .insert(ITEM, "1", "x", "y")
                        .update(ITEM, 'N', NO_ROW, "1", "other", "y")
                        .insert(ITEM, "2", "x", "y")
                        .commit(1000, 1050));
        // Then
        assertThat(sink.keys.get(0))
                .startsWith("target.item/")
                .isEqualTo(sink.keys.get(1))
                .isNotEqualTo(sink.keys.get(2));
    }

    @Test
    void refusesWhatPgoutputNeverSends() {
        assertThatThrownBy(() -> read(new PgOutputMessages().other('?')))
                .isInstanceOf(PgOutputException.class);
        assertThatThrownBy(() -> read(tables().insert(ITEM, "1", "x", "y")))
                .isInstanceOf(PgOutputException.class);
        assertThatThrownBy(
                        () -> read(new PgOutputMessages().begin(1000, MICROS, 1).keepAlive(1000)))
                .isInstanceOf(PgOutputException.class);
    }

    @Test
    void leavesOutColumnsThatDoNotTravel() throws Exception {
        decoder = decoder(new Carried(Optional.empty(), Set.of("a", "c")));
        read(
                tables().begin(1000, MICROS, 1)
                        .insert(ITEM, "1", "x", "large")
                        .update(ITEM, 'N', NO_ROW, "1", PgOutputMessages.UNCHANGED, null)
                        .delete(ITEM, 'K', "1", null, null)
                        .commit(1000, 1050));

        assertThat(sink.all(SchemaChange.class).getFirst().getColumns())
                .extracting(Column::getName)
                .containsExactly("a", "c");
        var changes = sink.all(Change.class);
        assertThat(text(changes.get(0).getAfter().get(1))).isEqualTo("large");
        assertThat(changes.get(1).getAfter()).hasSize(2);
        assertThat(changes.get(1).getAfter().get(1)).isNull();
        assertThat(changes.get(2).getBefore()).hasSize(2);
    }

    @Test
    void followsATableThatChangesBesideWhatTravels() throws Exception {
        decoder = decoder(new Carried(Optional.empty(), Set.of("a", "c")));
        read(
                tables().begin(1000, MICROS, 1)
                        .insert(ITEM, "1", "x", "before")
                        .relation(ITEM, "public", "item", 'd', 5, 1)
                        .insert(ITEM, "2", "x", "after", "y", "z")
                        .commit(1000, 1050));

        assertThat(sink.all(Change.class))
                .extracting(change -> text(change.getAfter().get(1)))
                .containsExactly("before", "after");
    }

    @Test
    void stopsWhereTheIdentityDoesNotTravel() {
        decoder = decoder(new Carried(Optional.empty(), Set.of("b")));

        assertThatThrownBy(() -> read(tables()))
                .isInstanceOf(MigrationException.class)
                .hasMessageContaining("SCHEMA_CHANGED");
    }

    @Test
    void stopsAtARowThatEntersTheFilterWithoutAllItsValues() {
        assertThatThrownBy(() ->
                        read(
                                tables().begin(1000, MICROS, 1)
                                        .insert(ITEM, "1", "x", PgOutputMessages.UNCHANGED)))
                .isInstanceOf(MigrationException.class)
                .hasMessageContaining("FILTER_ROW_INCOMPLETE");
    }

    private PgOutputDecoder decoder() {
        return decoder(Carried.ALL);
    }

    private PgOutputDecoder decoder(Carried carried) {
        TableRouting routing =
                (oid, source) ->
                        source.schema().equals("public")
                                ? Optional.of(
                                        new TableRouting.Route(
                                                source,
                                                new TableName("target", source.name()),
                                                carried))
                                : Optional.empty();
        return new PgOutputDecoder(routing, new MarkerMessage("godwit_x"), requested);
    }

    private void read(PgOutputMessages messages) throws InterruptedException {
        decoder.appendTo(sink);
        Frames.read(messages.content(), decoder);
    }

    private static PgOutputMessages tables() {
        return new PgOutputMessages()
                .relation(ITEM, "public", "item", 'd', 3, 1)
                .relation(PAIR, "public", "pair", 'f', 2, 2)
                .relation(FOREIGN, "foreign", "other", 'd', 1, 1);
    }

    private static @Nullable String[] row(@Nullable String... cells) {
        return cells;
    }
}
