// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import java.util.Arrays;

/**
 * When a trigger or a rule fires (PostgreSQL docs, "pg_trigger", tgenabled, and "pg_rewrite",
 * ev_enabled).
 */
enum FiringState {
    ORIGIN("O", "ENABLE"),
    DISABLED("D", "DISABLE"),
    REPLICA("R", "ENABLE REPLICA"),
    ALWAYS("A", "ENABLE ALWAYS");

    private final String catalog;
    private final String verb;

    FiringState(String catalog, String verb) {
        this.catalog = catalog;
        this.verb = verb;
    }

    static FiringState of(String catalog) {
        return Arrays.stream(values())
                .filter(state -> state.catalog.equals(catalog))
                .findFirst()
                .orElseThrow();
    }

    /** What ALTER TABLE calls it. */
    String verb() {
        return verb;
    }
}
