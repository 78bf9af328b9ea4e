// SPDX-License-Identifier: Apache-2.0
/** Tests of this package. */
@NullMarked
package dev.godwit.standalone.engine;

import org.jspecify.annotations.NullMarked;
