// SPDX-License-Identifier: Apache-2.0
/** The load between a real source and a real broker, and its planning by itself. */
@NullMarked
package dev.godwit.capture.load;

import org.jspecify.annotations.NullMarked;
