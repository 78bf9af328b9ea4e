// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.util.List;

/**
 * A table that applications write to.
 *
 * @param name with its schema, quoted
 * @param key the columns that find a row; empty where rows may be equal
 * @param unique further columns with a unique or exclusion constraint
 * @param traits what statements must heed
 * @param truncated what a TRUNCATE may name: the table itself, leaves of it
 */
record RandomTable(
        String name,
        List<RandomColumn> columns,
        List<RandomColumn> key,
        List<RandomColumn> unique,
        java.util.Set<Trait> traits,
        List<String> truncated) {

    enum Trait {
        /** INSERT .. ON CONFLICT (key) may be used. */
        ARBITER,
        /** A constraint is checked at the end of a statement or transaction. */
        DEFERRABLE,
        /** Neither ON CONFLICT nor MERGE may be used. */
        RULES,
        /** Foreign keys refer to it: TRUNCATE needs CASCADE. */
        REFERENCED
    }

    RandomTable {
        columns = List.copyOf(columns);
        key = List.copyOf(key);
        unique = List.copyOf(unique);
        traits = java.util.Set.copyOf(traits);
        truncated = List.copyOf(truncated);
    }

    boolean is(Trait trait) {
        return traits.contains(trait);
    }

    /** Columns that a statement may give values to. */
    List<RandomColumn> written() {
        return columns.stream()
                .filter(column -> column.nature() != RandomColumn.Nature.GENERATED)
                .toList();
    }

    /** Columns that may change without the row becoming another. */
    List<RandomColumn> changed() {
        return written().stream()
                .filter(column -> !key.contains(column) && !column.identity())
                .toList();
    }
}
