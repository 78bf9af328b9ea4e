// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/** What this instance does, for Prometheus. */
final class CaptureMeters {
    static final String OWNED = "godwit.capture.owned";
    static final String CHANGES = "godwit.capture.changes";
    static final String LOAD_ROWS = "godwit.capture.load.rows";
    static final String LOAD_BYTES = "godwit.capture.load.bytes";
    static final String FAILURES = "godwit.capture.failures";

    private final AtomicInteger owned = new AtomicInteger();
    private final Counter changes;
    private final Counter rows;
    private final Counter bytes;
    private final Counter failures;

    CaptureMeters(MeterRegistry registry) {
        Gauge.builder(OWNED, owned, AtomicInteger::doubleValue)
                .strongReference(true)
                .register(registry);
        this.changes = registry.counter(CHANGES);
        this.rows = registry.counter(LOAD_ROWS);
        this.bytes = registry.counter(LOAD_BYTES);
        this.failures = registry.counter(FAILURES);
    }

    /** Database migrations that are this instance's. */
    void owned(int databases) {
        owned.set(databases);
    }

    void changes(long more) {
        changes.increment((double) Math.max(0, more));
    }

    void loaded(long moreRows, long moreBytes) {
        rows.increment((double) Math.max(0, moreRows));
        bytes.increment((double) Math.max(0, moreBytes));
    }

    void failed() {
        failures.increment();
    }
}
