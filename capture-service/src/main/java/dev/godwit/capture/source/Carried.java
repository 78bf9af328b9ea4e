// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import java.util.Optional;
import java.util.Set;

/**
 * What travels of a source table.
 *
 * @param filter the SQL condition of its rows, as the server wrote it when it was checked; empty:
 *     all
 * @param columns by name; empty: all
 */
public record Carried(Optional<String> filter, Set<String> columns) {
    /** The whole table. */
    public static final Carried ALL = new Carried(Optional.empty(), Set.of());

    public Carried {
        columns = Set.copyOf(columns);
    }

    public boolean holds(String column) {
        return columns.isEmpty() || columns.contains(column);
    }
}
