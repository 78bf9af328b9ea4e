// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import static dev.godwit.control.progress.Reports.apply;
import static dev.godwit.control.progress.Reports.capture;
import static dev.godwit.control.progress.Reports.inserts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.CapturePhase;
import org.junit.jupiter.api.Test;

class MergeTest {
    @Test
    void olderOwnerIsVoid() {
        var owner = capture(CapturePhase.STREAMING, 5).setEpoch(2).build();
        var zombie = capture(CapturePhase.LOADING, 9).setEpoch(1).build();

        assertThat(Merge.of(owner, zombie)).isEmpty();
    }

    @Test
    void countersNeverGoDown() {
        var before = apply(ApplyPhase.SYNCING, 9).build();
        var restarted = apply(ApplyPhase.PREPARING, 0).setEpoch(2).build();

        assertThat(Merge.of(before, restarted))
                .get()
                .isInstanceOfSatisfying(
                        ApplyStatus.class,
                        kept -> {
                            assertThat(kept.getApplied()).isEqualTo(inserts(9));
                            assertThat(kept.getPhase()).isEqualTo(ApplyPhase.PREPARING);
                        });
    }
}
