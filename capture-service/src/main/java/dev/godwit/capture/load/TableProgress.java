// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.schemas.CaptureTablePhase;
import dev.godwit.schemas.TableLoad;

/**
 * How far the load of one target table is.
 *
 * @param load what is recorded of its newest attempt
 * @param rowsEstimate of its sources together, −1 if any was never analysed or none is known yet
 */
public record TableProgress(
        TableLoad load,
        CaptureTablePhase phase,
        long rowsEstimate,
        long rowsRead,
        long bytesRead) {}
