// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.util.Optional;

/**
 * The markers that control has asked for.
 *
 * @param gate the marker to hold at; while another is held, or this is empty, the held one is
 *     released
 * @param end the final marker to look out for while held
 */
public record DesiredMarkers(Optional<String> gate, Optional<String> end) {
    public static final DesiredMarkers NONE =
            new DesiredMarkers(Optional.empty(), Optional.empty());
}
