// SPDX-License-Identifier: Apache-2.0
/**
 * Publishes one database migration's changes and the state of its stream to Kafka, exactly once.
 */
@NullMarked
package dev.godwit.capture.publish;

import org.jspecify.annotations.NullMarked;
