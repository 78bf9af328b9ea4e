// SPDX-License-Identifier: Apache-2.0
/** The control service as a whole, over HTTP, with a real broker and real databases. */
@NullMarked
package dev.godwit.control;

import org.jspecify.annotations.NullMarked;
