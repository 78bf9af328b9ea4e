// SPDX-License-Identifier: Apache-2.0
/** Source and target compared row for row at the cutover. */
@NullMarked
package dev.godwit.control.comparison;

import org.jspecify.annotations.NullMarked;
