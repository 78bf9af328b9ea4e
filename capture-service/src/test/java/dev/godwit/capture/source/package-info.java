// SPDX-License-Identifier: Apache-2.0
/** What is read of a real source. */
@NullMarked
package dev.godwit.capture.source;

import org.jspecify.annotations.NullMarked;
