// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.crash;

/** A place where dying hurts most: just before or just after what a transaction makes final. */
public enum CrashPoint {
    /** A table is parked and emptied, the grant is not committed. */
    BEFORE_GRANT_COMMIT,
    /** A grant is committed and nobody has been told. */
    AFTER_GRANT_COMMIT,
    /** A piece's rows and its ledger row are written, not committed. */
    AFTER_COPY_BEFORE_COMMIT,
    /** A piece is committed, Kafka does not know it. */
    AFTER_PIECE_COMMIT,
    /** A table's indexes stand, the table is not marked loaded. */
    AFTER_INDEXES_BEFORE_LOADED,
    /** Changes are written, not committed. */
    BEFORE_CHANGES_COMMIT,
    /** Changes are committed, not yet durable for certain. */
    AFTER_CHANGES_COMMIT,
    /** The sync stands at a marker, and has not said so. */
    HELD,
    /** Everything is restored, and it is not noted. */
    BEFORE_FINALISED,
    /** The ledger is dropped, and nobody has been told. */
    AFTER_RELEASE
}
