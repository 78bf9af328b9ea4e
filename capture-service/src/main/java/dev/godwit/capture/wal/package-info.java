// SPDX-License-Identifier: Apache-2.0
/**
 * Streams the source's WAL into the changes log: Debezium's engine around our own decoder of
 * pgoutput.
 */
@NullMarked
package dev.godwit.capture.wal;

import org.jspecify.annotations.NullMarked;
