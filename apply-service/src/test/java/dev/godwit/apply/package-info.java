// SPDX-License-Identifier: Apache-2.0
/** Tests of what the apply service says and of what it is told. */
@NullMarked
package dev.godwit.apply;

import org.jspecify.annotations.NullMarked;
