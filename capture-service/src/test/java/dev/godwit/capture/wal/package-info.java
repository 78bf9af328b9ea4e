// SPDX-License-Identifier: Apache-2.0
/** Tests of the WAL stream, from single messages to real servers. */
@NullMarked
package dev.godwit.capture.wal;

import org.jspecify.annotations.NullMarked;
