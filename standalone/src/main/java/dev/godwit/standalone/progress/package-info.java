// SPDX-License-Identifier: Apache-2.0
/**
 * What a run tells its user: events, and their three forms (live lines on a terminal, plain lines,
 * JSON lines).
 */
@NullMarked
package dev.godwit.standalone.progress;

import org.jspecify.annotations.NullMarked;
