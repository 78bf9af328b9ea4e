// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.progress;

import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.ApplyStatus;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.CaptureStatus;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.codec.RecordCodec;
import java.time.Instant;
import java.util.List;

/** What capture and apply might say, for tests. */
public final class Reports {
    public static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
    public static final String DATABASE = "abc";

    static {
        // Avro makes the records only after the codec has told it that they may be trusted.
        RecordCodec.ownSchemas();
    }

    private Reports() {}

    public static DatabaseMigration wanted(WantedPhase phase) {
        return DatabaseMigration.newBuilder()
                .setId(DATABASE)
                .setSourceDatabase("shop")
                .setTargetDatabase("shop")
                .setTables(List.of())
                .setPhase(phase)
                .build();
    }

    public static CaptureStatus.Builder capture(CapturePhase phase, long inserts) {
        return CaptureStatus.newBuilder()
                .setDatabase(DATABASE)
                .setEpoch(1)
                .setPhase(phase)
                .setReportedOn(NOW)
                .setCapturedUntil(NOW.minusSeconds(1))
                .setRetriesSeen(0)
                .setCaptured(inserts(inserts))
                .setCapturedLsn(0)
                .setFlushableLsn(0)
                .setUncapturedWalBytes(0);
    }

    public static ApplyStatus.Builder apply(ApplyPhase phase, long inserts) {
        return ApplyStatus.newBuilder()
                .setDatabase(DATABASE)
                .setEpoch(1)
                .setPhase(phase)
                .setReportedOn(NOW)
                .setRetriesSeen(0)
                .setApplied(inserts(inserts))
                .setFinalLsn(0)
                .setOrdinal(0)
                .setCommitMicros(0);
    }

    public static Counters inserts(long count) {
        return new Counters(count, 0L, 0L, 0L);
    }
}
