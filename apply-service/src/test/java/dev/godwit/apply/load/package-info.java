// SPDX-License-Identifier: Apache-2.0
/** Tests of the full load against real servers. */
@NullMarked
package dev.godwit.apply.load;

import org.jspecify.annotations.NullMarked;
