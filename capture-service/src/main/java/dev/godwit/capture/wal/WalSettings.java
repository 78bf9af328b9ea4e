// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import java.time.Duration;

/**
 * How the WAL is streamed.
 *
 * @param heartbeat between two heartbeats written to the source's WAL (14 and newer), or asked of it
 * @param guard between two looks at the slot and the server
 * @param backoffMost longest wait before a new try after a failure that may pass
 */
public record WalSettings(Duration heartbeat, Duration guard, Duration backoffMost) {
    public static final WalSettings DEFAULTS =
            new WalSettings(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofSeconds(10));
}
