// SPDX-License-Identifier: Apache-2.0
/** Measures capture against the driver's own reading of the same WAL. */
@NullMarked
package dev.godwit.capture.benchmark;

import org.jspecify.annotations.NullMarked;
