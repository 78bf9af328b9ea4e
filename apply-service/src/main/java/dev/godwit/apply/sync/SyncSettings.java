// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.time.Duration;

/**
 * Bounds of the sync.
 *
 * @param lanes ordered writers
 * @param batchRows most changes of one transaction
 * @param batchBytes most bytes of one transaction, unless one change is wider
 * @param bufferBytes bytes of records waiting to be read
 * @param durableEvery how often positions are made durable
 * @param gatePatience how long a gate marker that nobody has asked for is waited at
 */
public record SyncSettings(
        int lanes,
        int batchRows,
        long batchBytes,
        long bufferBytes,
        Duration durableEvery,
        Duration gatePatience) {
    public static SyncSettings ofLanes(int lanes) {
        return new SyncSettings(
                lanes, 20_000, 8 << 20, 32 << 20, Duration.ofSeconds(1), Duration.ofSeconds(3));
    }
}
