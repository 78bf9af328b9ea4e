// SPDX-License-Identifier: Apache-2.0
/**
 * One migration from its arguments to its end: start, follow, cut over, stop in order, go on later.
 */
@NullMarked
package dev.godwit.standalone.migrate;

import org.jspecify.annotations.NullMarked;
