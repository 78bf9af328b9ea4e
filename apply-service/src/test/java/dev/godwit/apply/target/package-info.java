// SPDX-License-Identifier: Apache-2.0
/** Tests of parking and of making the target ready. */
@NullMarked
package dev.godwit.apply.target;

import org.jspecify.annotations.NullMarked;
