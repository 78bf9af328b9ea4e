// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.apply.ledger.AttemptRow;
import dev.godwit.apply.ledger.Position;
import dev.godwit.apply.sync.SyncProgress;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.ApplyTablePhase;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Statuses never claim less than was claimed before, nor more than is known. */
class StatusRecordsTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final TableName A = new TableName("s", "a");
    private static final TableName B = new TableName("s", "b");

    @BeforeAll
    static void trustOurRecords() {
        // Avro makes a record's class only once the codec has registered it.
        assertThat(RecordCodec.ownSchemas()).isNotEmpty();
        assertThat(new RecordCodec(SchemaBook.ownOnly())).isNotNull();
    }

    @Test
    void keepsTheLastCountersWhileTheTargetCannotBeAsked() {
        ApplyStatus last =
                StatusRecords.summary(
                        "id",
                        Optional.of(view(progress(7))),
                        Optional.empty(),
                        Optional.empty(),
                        0,
                        NOW);

        ApplyStatus status =
                StatusRecords.summary(
                        "id",
                        Optional.empty(),
                        Optional.of(last),
                        Optional.of(new Failure("TARGET_UNREACHABLE", "gone", "wait")),
                        0,
                        NOW);

        assertThat(status.getApplied().getInserts()).isEqualTo(7);
        assertThat(status.getEpoch()).isEqualTo(3);
        assertThat(status.getPhase())
                .as("an automatic failure keeps the phase")
                .isEqualTo(ApplyPhase.LOADING);
        assertThat(status.getFailure().getCode()).isEqualTo("TARGET_UNREACHABLE");
    }

    @Test
    void failsOnlyWhereSomebodyMustAct() {
        ApplyStatus status =
                StatusRecords.summary(
                        "id",
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(new Failure("CHANGE_REFUSED", "no", "mend")),
                        4,
                        NOW);

        assertThat(status.getPhase()).isEqualTo(ApplyPhase.FAILED);
        assertThat(status.getRetriesSeen()).isEqualTo(4);
    }

    @Test
    void endsTheLoadWithTheLastTableOnly() {
        OwnerView one = view(progress(0), row(A, AttemptRow.State.LOADED, NOW));
        OwnerView both =
                view(
                        progress(0),
                        row(A, AttemptRow.State.LOADED, NOW),
                        row(B, AttemptRow.State.LOADED, NOW.plusSeconds(9)));

        assertThat(
                        StatusRecords.summary(
                                        "id",
                                        Optional.of(one),
                                        Optional.empty(),
                                        Optional.empty(),
                                        0,
                                        NOW)
                                .getLoadEndedOn())
                .isNull();
        assertThat(
                        StatusRecords.summary(
                                        "id",
                                        Optional.of(both),
                                        Optional.empty(),
                                        Optional.empty(),
                                        0,
                                        NOW)
                                .getLoadEndedOn())
                .isEqualTo(NOW.plusSeconds(9));
        assertThat(both.phase()).isEqualTo(ApplyPhase.SYNCING);
    }

    @Test
    void reportsABrokenAttemptBesideTheGrant() {
        var tables =
                StatusRecords.tables("id", view(progress(0), row(A, AttemptRow.State.BROKEN, NOW)));

        assertThat(requireNonNull(tables.get(A)).getBroken()).isEqualTo(new Attempt(2, 5L));
        assertThat(requireNonNull(tables.get(A)).getGranted()).isEqualTo(new Attempt(2, 5L));
        assertThat(requireNonNull(tables.get(B)).getPhase()).isEqualTo(ApplyTablePhase.WAITING);
        assertThat(requireNonNull(tables.get(B)).getGranted()).isNull();
    }

    @Test
    void isHeldAtTheMarkerAndFinalisedForItAlone() {
        OwnerView syncing =
                view(
                        progress(1),
                        row(A, AttemptRow.State.LOADED, NOW),
                        row(B, AttemptRow.State.LOADED, NOW));
        var held =
                new SyncProgress(
                        counters(1),
                        Map.of(),
                        Position.START,
                        0,
                        Optional.of(
                                new SyncProgress.Held(
                                        "gate", 0, Optional.empty(), Optional.empty())),
                        List.of());

        assertThat(OwnerPhases.withProgress(syncing, held).phase()).isEqualTo(ApplyPhase.HELD);
        assertThat(OwnerPhases.withProgress(finalisedFor(syncing, "other"), held).phase())
                .isEqualTo(ApplyPhase.HELD);
        assertThat(OwnerPhases.withProgress(finalisedFor(syncing, "gate"), held).phase())
                .isEqualTo(ApplyPhase.FINALISED);
    }

    private static OwnerView finalisedFor(OwnerView view, String marker) {
        return new OwnerView(
                view.epoch(),
                view.phase(),
                view.progress(),
                view.tables(),
                view.attempts(),
                view.indexing(),
                Optional.of(marker),
                List.of(),
                List.of());
    }

    private static OwnerView view(SyncProgress progress, AttemptRow... attempts) {
        List<AttemptRow> rows =
                attempts.length == 0
                        ? List.of(row(A, AttemptRow.State.GRANTED, NOW))
                        : List.of(attempts);
        return new OwnerView(
                3,
                OwnerPhases.of(List.of(A, B), rows),
                Optional.of(progress),
                List.of(A, B),
                rows,
                Set.of(),
                Optional.empty(),
                List.of(),
                List.of());
    }

    private static AttemptRow row(TableName table, AttemptRow.State state, Instant loadedOn) {
        return new AttemptRow(
                table,
                new Attempt(2, 5L),
                state,
                List.of(),
                10,
                100,
                OptionalLong.empty(),
                OptionalLong.empty(),
                state == AttemptRow.State.LOADED ? Optional.of(loadedOn) : Optional.empty());
    }

    private static SyncProgress progress(long inserts) {
        return new SyncProgress(
                counters(inserts), Map.of(), Position.START, 0, Optional.empty(), List.of());
    }

    private static Counters counters(long inserts) {
        return new Counters(inserts, 0L, 0L, 0L);
    }
}
