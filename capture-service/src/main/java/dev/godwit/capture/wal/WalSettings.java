// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import java.time.Duration;

/**
 * How the WAL is streamed.
 *
 * @param heartbeat between two heartbeats written to the source's WAL, and between two status
 *     messages to it
 * @param guard between two looks at the slot and the server
 * @param backoffMost longest wait before a new try after a failure that may pass
 * @param frameBytes of WAL that are written to Kafka in one transaction, when there is that much
 *     and the transaction before it takes that long
 * @param linger least time between two Kafka transactions when there is less
 */
public record WalSettings(
        Duration heartbeat, Duration guard, Duration backoffMost, int frameBytes, Duration linger) {
    public static final WalSettings DEFAULTS =
            new WalSettings(
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(10),
                    4 * 1024 * 1024,
                    Duration.ofMillis(20));
}
