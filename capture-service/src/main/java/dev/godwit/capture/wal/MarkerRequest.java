// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.schemas.MarkerKind;

/**
 * A marker that pgoutput will not forward (before 14). It may be appended once everything before
 * {@code lsn} has passed.
 *
 * @param micros when it was asked for, by the source's clock
 */
record MarkerRequest(MarkerKind kind, String id, long lsn, long micros) {}
