// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

/** How a target table's changes are shared out and put together. Stored in the ledger by name. */
enum LaneClass {
    /** By row key over all lanes; equal keys have equal text, and nothing else is unique. */
    SPREAD,
    /**
     * One lane for the table, because of a further unique index; rows are still put together by
     * key.
     */
    COMPACTED,
    /** One lane for the table, each change by itself in log order. */
    ORDERED
}
