// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import java.time.Duration;

/**
 * Bounds of one load partition's worker.
 *
 * @param bufferBytes bytes of records that wait to be written
 * @param blockPatience how long an open COPY waits for its next block before it is rolled back
 */
public record LoadSettings(long bufferBytes, Duration blockPatience) {
    public static final LoadSettings DEFAULTS = new LoadSettings(8 << 20, Duration.ofSeconds(10));
}
