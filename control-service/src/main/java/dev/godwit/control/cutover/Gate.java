// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.control.progress.DatabaseProgress;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.CaptureStatus;

/**
 * Whether the target may take over: everything that the source had committed when the operator
 * asked is durably applied, and nothing came behind. Decided from what is reported of one marker,
 * which was written because of that request.
 */
final class Gate {
    /** What is known of it. */
    sealed interface Verdict {
        /** The marker is still on its way. */
        record Waiting(String why) implements Verdict {}

        /** Capture and apply both stand at the marker, and nothing is behind it. */
        record Holds() implements Verdict {}

        /** It cannot hold for this marker. */
        record Refused(ErrorCode code, String why) implements Verdict {}
    }

    private Gate() {}

    /**
     * The verdict at this moment.
     *
     * @param marker the one that was written because of the request
     * @param capturedAtRequest row changes that the operator's decision knew of
     * @param fenced whether the source was read-only when the operator asked: then late ones were
     *     committed before
     */
    static Verdict judge(
            String marker, long capturedAtRequest, boolean fenced, DatabaseProgress reported) {
        CaptureStatus capture = reported.capture();
        ApplyStatus apply = reported.apply();
        if (capture == null || !marker.equals(capture.getMarker())) {
            return new Verdict.Waiting("the marker has not come back from the source yet");
        }
        long behind = capture.getChangesBehindMarker();
        long before = reported.captured() - behind;
        if (behind > 0) {
            return new Verdict.Refused(
                    ErrorCode.CHANGES_PENDING,
                    "%d row changes were committed on the source after Apply was asked for"
                            .formatted(behind));
        }
        if (!fenced && before > capturedAtRequest) {
            return new Verdict.Refused(
                    ErrorCode.CHANGES_PENDING,
                    "%d row changes were committed on the source since the pending changes were counted"
                            .formatted(before - capturedAtRequest));
        }
        if (apply == null || !marker.equals(apply.getHeldMarker())) {
            return new Verdict.Waiting(
                    "%d row changes are not applied yet".formatted(reported.pending()));
        }
        if (apply.getChangesBehindMarker() > 0) {
            return new Verdict.Refused(
                    ErrorCode.CHANGES_PENDING,
                    "%d row changes were committed on the source after Apply was asked for"
                            .formatted(apply.getChangesBehindMarker()));
        }
        return new Verdict.Holds();
    }
}
