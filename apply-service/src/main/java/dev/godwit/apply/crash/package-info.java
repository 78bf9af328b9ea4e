// SPDX-License-Identifier: Apache-2.0
/** Places where a test kills the apply service. */
@NullMarked
package dev.godwit.apply.crash;

import org.jspecify.annotations.NullMarked;
