// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import static dev.godwit.control.progress.Reports.apply;
import static dev.godwit.control.progress.Reports.capture;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.control.cutover.Gate.Verdict;
import dev.godwit.control.progress.DatabaseProgress;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.CaptureStatus;
import org.junit.jupiter.api.Test;

class GateTest {
    private static final String MARKER = "m1";
    private static final long KNOWN = 10;

    @Test
    void holdsWhenBothStandAtTheMarkerAndNothingIsBehind() {
        assertThat(judge(captured(MARKER, KNOWN, 0), held(MARKER, KNOWN, 0)))
                .isEqualTo(new Verdict.Holds());
    }

    @Test
    void waitsUntilTheMarkerIsCaptured() {
        assertThat(judge(captured(null, KNOWN, 0), held(null, KNOWN, 0)))
                .isInstanceOf(Verdict.Waiting.class);
        assertThat(judge(captured("an older one", KNOWN, 0), held("an older one", KNOWN, 0)))
                .isInstanceOf(Verdict.Waiting.class);
    }

    @Test
    void waitsUntilTheMarkerIsApplied() {
        assertThat(judge(captured(MARKER, KNOWN, 0), held(null, KNOWN - 3, 0)))
                .isEqualTo(new Verdict.Waiting("3 row changes are not applied yet"));
    }

    @Test
    void isRefusedByAChangeBehindTheMarkerWhoeverSeesItFirst() {
        assertRefused(judge(captured(MARKER, KNOWN + 1, 1), held(null, KNOWN, 0)));
        assertRefused(judge(captured(MARKER, KNOWN, 0), held(MARKER, KNOWN, 1)));
    }

    @Test
    void isRefusedByAChangeThatTheOperatorDidNotKnowOf() {
        assertRefused(judge(captured(MARKER, KNOWN + 1, 0), held(MARKER, KNOWN + 1, 0)));
    }

    @Test
    void letsTheLastChangesBeforeTheFencePass() {
        var reported =
                new DatabaseProgress(captured(MARKER, KNOWN + 4, 0), held(MARKER, KNOWN + 4, 0));

        assertThat(Gate.judge(MARKER, KNOWN, true, reported)).isEqualTo(new Verdict.Holds());
    }

    private static void assertRefused(Verdict verdict) {
        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Refused.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.CHANGES_PENDING));
    }

    private static Verdict judge(CaptureStatus capture, ApplyStatus apply) {
        return Gate.judge(MARKER, KNOWN, false, new DatabaseProgress(capture, apply));
    }

    private static CaptureStatus captured(
            @org.jspecify.annotations.Nullable String marker, long captured, long behind) {
        return capture(CapturePhase.STREAMING, captured)
                .setMarker(marker)
                .setChangesBehindMarker(behind)
                .build();
    }

    private static ApplyStatus held(
            @org.jspecify.annotations.Nullable String marker, long applied, long behind) {
        return apply(ApplyPhase.HELD, applied)
                .setHeldMarker(marker)
                .setChangesBehindMarker(behind)
                .build();
    }
}
