// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.Counters;
import org.jspecify.annotations.Nullable;

/** What capture and apply say of one database migration; null until the first report. */
public record DatabaseProgress(@Nullable CaptureStatus capture, @Nullable ApplyStatus apply) {
    public static final DatabaseProgress NONE = new DatabaseProgress(null, null);

    public long captured() {
        return capture == null ? 0 : total(capture.getCaptured());
    }

    public long applied() {
        return apply == null ? 0 : total(apply.getApplied());
    }

    /** Row changes that exist: both reports travel on their own, so the newer one decides. */
    public long incoming() {
        return Math.max(captured(), applied());
    }

    /** Row changes captured and not yet applied, as far as reported. */
    public long pending() {
        return incoming() - applied();
    }

    private static long total(Counters counters) {
        return counters.getInserts()
                + counters.getUpdates()
                + counters.getDeletes()
                + counters.getTruncates();
    }
}
