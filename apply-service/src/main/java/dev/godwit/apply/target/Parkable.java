// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import java.util.List;

/** An object found in the catalog that can be parked, and the statements that take it away. */
record Parkable(ParkedObject parked, List<String> removal) {
    Parkable {
        removal = List.copyOf(removal);
    }
}
