// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.ApplyTableStatus;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.CaptureTableStatus;
import dev.godwit.schemas.Counters;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecordBase;

/**
 * What is believed when a report follows another of the same key: one of an older owner is void,
 * and no counter goes down.
 */
final class Merge {
    private Merge() {}

    /** The report to keep, or empty if the new one is void. */
    static Optional<SpecificRecordBase> of(SpecificRecordBase known, SpecificRecordBase next) {
        return switch (next) {
            case CaptureStatus status when known instanceof CaptureStatus before ->
                    status.getEpoch() < before.getEpoch()
                            ? Optional.empty()
                            : Optional.of(
                                    CaptureStatus.newBuilder(status)
                                            .setCaptured(
                                                    most(
                                                            before.getCaptured(),
                                                            status.getCaptured()))
                                            .build());
            case ApplyStatus status when known instanceof ApplyStatus before ->
                    status.getEpoch() < before.getEpoch()
                            ? Optional.empty()
                            : Optional.of(
                                    ApplyStatus.newBuilder(status)
                                            .setApplied(
                                                    most(before.getApplied(), status.getApplied()))
                                            .build());
            case CaptureTableStatus status when known instanceof CaptureTableStatus before ->
                    status.getEpoch() < before.getEpoch()
                            ? Optional.empty()
                            : Optional.of(
                                    CaptureTableStatus.newBuilder(status)
                                            .setCaptured(
                                                    most(
                                                            before.getCaptured(),
                                                            status.getCaptured()))
                                            .build());
            case ApplyTableStatus status when known instanceof ApplyTableStatus before ->
                    status.getEpoch() < before.getEpoch()
                            ? Optional.empty()
                            : Optional.of(
                                    ApplyTableStatus.newBuilder(status)
                                            .setApplied(
                                                    most(before.getApplied(), status.getApplied()))
                                            .build());
            default -> Optional.of(next);
        };
    }

    private static Counters most(Counters a, Counters b) {
        return new Counters(
                Math.max(a.getInserts(), b.getInserts()),
                Math.max(a.getUpdates(), b.getUpdates()),
                Math.max(a.getDeletes(), b.getDeletes()),
                Math.max(a.getTruncates(), b.getTruncates()));
    }
}
