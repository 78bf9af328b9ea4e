// SPDX-License-Identifier: Apache-2.0
/** Places where a test kills the capture service. */
@NullMarked
package dev.godwit.capture.crash;

import org.jspecify.annotations.NullMarked;
