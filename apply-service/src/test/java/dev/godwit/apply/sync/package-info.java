// SPDX-License-Identifier: Apache-2.0
/** Tests of the sync against real servers; the log is made by hand, no broker is needed. */
@NullMarked
package dev.godwit.apply.sync;

import org.jspecify.annotations.NullMarked;
