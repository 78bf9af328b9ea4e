// SPDX-License-Identifier: Apache-2.0
/** What the comparison notices, on a real server. */
@NullMarked
package dev.godwit.control.comparison;

import org.jspecify.annotations.NullMarked;
