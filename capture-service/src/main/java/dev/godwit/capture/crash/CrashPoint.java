// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.crash;

/** A place where dying hurts most: between two steps that no transaction holds together. */
public enum CrashPoint {
    /** Changes are sent, their Kafka transaction is open. */
    BEFORE_LOG_COMMIT,
    /** Changes are committed to Kafka, the slot does not know it yet. */
    AFTER_LOG_COMMIT,
    /** The attempts are asked for, none is granted. */
    AFTER_ASK,
    /** The attempts are granted, no snapshot is made. */
    AFTER_GRANT,
    /** The main slot stands, the log does not know it. */
    AFTER_SLOT,
    /** The stream has begun, no row of the load is sent. */
    AFTER_BEGIN,
    /** A piece is sent whole. */
    AFTER_PIECE,
    /** A table's pieces are acknowledged, its end is not sent. */
    BEFORE_TABLE_END,
    /** A table's end is acknowledged, but not recorded. */
    AFTER_TABLE_END,
    /** A further table is published, no stream knows it. */
    AFTER_PUBLISH,
    /** The stream is to take a further table's changes, nothing of it is loaded. */
    AFTER_REROUTE,
    /** The fence is recorded, the source is not fenced. */
    BEFORE_FENCE,
    /** The database is read-only for new sessions, older ones still write. */
    DURING_FENCE,
    /** The source is fenced, which is not reported. */
    AFTER_FENCE,
    /** The sequences are in the log, which is not reported. */
    AFTER_SEQUENCES,
    /** The streams have ended, slot and publication stand. */
    BEFORE_RELEASE,
    /** The slot is gone, the publication stands. */
    DURING_RELEASE,
    /** Slot and publication are gone, which is not reported. */
    AFTER_RELEASE
}
