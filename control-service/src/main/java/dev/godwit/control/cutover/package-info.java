// SPDX-License-Identifier: Apache-2.0
/**
 * The life of each database migration: one owner steps it from its desired state and what is
 * reported.
 */
@NullMarked
package dev.godwit.control.cutover;

import org.jspecify.annotations.NullMarked;
