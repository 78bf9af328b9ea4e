// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.crash;

/** A place where dying hurts most: between two steps that no transaction holds together. */
public enum CrashPoint {
    /** Changes are sent, their Kafka transaction is open. */
    BEFORE_LOG_COMMIT,
    /** Changes are committed to Kafka, the slot does not know it yet. */
    AFTER_LOG_COMMIT
}
