// SPDX-License-Identifier: Apache-2.0
/** The gate and the planner as tables of decisions. */
@NullMarked
package dev.godwit.control.cutover;

import org.jspecify.annotations.NullMarked;
