// SPDX-License-Identifier: Apache-2.0
/**
 * Takes the changes log to the target: batches, lanes, barriers and the hold at a marker, each
 * change exactly once.
 */
@NullMarked
package dev.godwit.apply.sync;

import org.jspecify.annotations.NullMarked;
