// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import static dev.godwit.control.progress.Reports.NOW;
import static dev.godwit.control.progress.Reports.apply;
import static dev.godwit.control.progress.Reports.capture;
import static dev.godwit.control.progress.Reports.wanted;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.control.progress.DatabaseProgress;
import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.QualifiedName;
import dev.godwit.schemas.TableReport;
import dev.godwit.schemas.WantedPhase;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlannerTest {
    private static final QualifiedName ORDERS = new QualifiedName("public", "orders");

    private final Planner planner = new Planner(() -> "final1");

    @Test
    void takesBackAMarkerThatNobodyEvaluates() {
        DatabaseMigration asked =
                DatabaseMigration.newBuilder(wanted(WantedPhase.CUT_OVER))
                        .setGateMarker("gate1")
                        .build();

        assertThat(planner.next(asked, DatabaseProgress.NONE, true, NOW))
                .isEqualTo(new Step.Stay());
        assertThat(wantedBy(planner.next(asked, DatabaseProgress.NONE, false, NOW)).getGateMarker())
                .isNull();
    }

    @Test
    void comparesOnceTheTargetIsFinalised() {
        assertThat(next(finalising(), held().build())).isEqualTo(new Step.Stay());
        assertThat(next(finalising(), held().setFinalisedFor("gate1").build()))
                .isEqualTo(new Step.Compare());
    }

    @Test
    void goesBackWhenAChangeSlipsInBehindTheGate() {
        DatabaseMigration next =
                wantedBy(next(finalising(), held().setChangesBehindMarker(3).build()));

        assertThat(next.getPhase()).isEqualTo(WantedPhase.CUT_OVER);
        assertThat(next.getGateMarker()).isNull();
        assertThat(next.getReopened()).contains("3 row changes");
    }

    @Test
    void goesBackWhenAChangeSlipsInBeforeTheFinalMarkerEvenIfTheRowsWereEqual() {
        DatabaseMigration compared =
                planner.compared(finalising(), List.of(report(true)), Optional.empty());

        DatabaseMigration next =
                wantedBy(
                        next(
                                compared,
                                held().setFinalisedFor("gate1")
                                        .setFinalMarker("final1")
                                        .setChangesBehindMarker(1)
                                        .build()));

        assertThat(next.getPhase()).isEqualTo(WantedPhase.CUT_OVER);
        assertThat(next.getFinalMarker()).isNull();
        assertThat(next.getReport()).isNull();
    }

    @Test
    void waitsForItsOwnFinalMarker() {
        DatabaseMigration compared =
                planner.compared(finalising(), List.of(report(true)), Optional.empty());

        assertThat(
                        next(
                                compared,
                                held().setFinalisedFor("gate1")
                                        .setFinalMarker("an older one")
                                        .build()))
                .isEqualTo(new Step.Stay());
    }

    @Test
    void releasesTheSourceWhenEqualAndNothingCameBetween() {
        DatabaseMigration compared =
                planner.compared(finalising(), List.of(report(true)), Optional.empty());

        DatabaseMigration next =
                wantedBy(
                        next(
                                compared,
                                held().setFinalisedFor("gate1")
                                        .setFinalMarker("final1")
                                        .setFinalMarkerLsn(77)
                                        .build()));

        assertThat(next.getPhase()).isEqualTo(WantedPhase.RELEASE_SOURCE);
        assertThat(next.getReport().getCertifiedLsn()).isEqualTo(77);
    }

    @Test
    void stopsWhenRowsDifferAndNothingCameBetween() {
        DatabaseMigration compared =
                planner.compared(finalising(), List.of(report(false)), Optional.empty());

        DatabaseMigration next =
                wantedBy(
                        next(
                                compared,
                                held().setFinalisedFor("gate1").setFinalMarker("final1").build()));

        assertThat(next.getPhase()).isEqualTo(WantedPhase.FINALISE);
        assertThat(next.getFailure().getCode()).isEqualTo("ROWS_DIFFER");
        assertThat(next.getFailure().getWhat()).contains("public.orders");
    }

    @Test
    void completesOnlyAfterBothHaveReleased() {
        var sourceReleased =
                new DatabaseProgress(capture(CapturePhase.RELEASED, 0).build(), held().build());
        var bothReleased =
                new DatabaseProgress(
                        capture(CapturePhase.RELEASED, 0).build(),
                        apply(ApplyPhase.RELEASED, 0).build());

        assertThat(
                        wantedBy(
                                        planner.next(
                                                wanted(WantedPhase.RELEASE_SOURCE),
                                                sourceReleased,
                                                false,
                                                NOW))
                                .getPhase())
                .isEqualTo(WantedPhase.RELEASE_TARGET);
        assertThat(planner.next(wanted(WantedPhase.RELEASE_TARGET), sourceReleased, false, NOW))
                .isEqualTo(new Step.Stay());
        assertThat(planner.next(wanted(WantedPhase.RELEASE_TARGET), bothReleased, false, NOW))
                .isInstanceOfSatisfying(
                        Step.DropTopics.class,
                        step ->
                                assertThat(step.then().getPhase())
                                        .isEqualTo(WantedPhase.COMPLETED));
        assertThat(planner.next(wanted(WantedPhase.CANCEL), sourceReleased, false, NOW))
                .isEqualTo(new Step.Stay());
        assertThat(planner.next(wanted(WantedPhase.CANCEL), bothReleased, false, NOW))
                .isInstanceOfSatisfying(
                        Step.DropTopics.class,
                        step ->
                                assertThat(step.then().getPhase())
                                        .isEqualTo(WantedPhase.CANCELLED));
    }

    private Step next(DatabaseMigration wanted, ApplyStatus apply) {
        return planner.next(
                wanted,
                new DatabaseProgress(capture(CapturePhase.STREAMING, 0).build(), apply),
                false,
                NOW);
    }

    private static DatabaseMigration finalising() {
        return DatabaseMigration.newBuilder(wanted(WantedPhase.FINALISE))
                .setGateMarker("gate1")
                .build();
    }

    private static ApplyStatus.Builder held() {
        return apply(ApplyPhase.HELD, 0).setHeldMarker("gate1");
    }

    private static TableReport report(boolean equal) {
        return new TableReport(ORDERS, ORDERS, 5L, equal ? 5L : 4L, equal);
    }

    private static DatabaseMigration wantedBy(Step step) {
        assertThat(step).isInstanceOf(Step.Want.class);
        return ((Step.Want) step).next();
    }
}
