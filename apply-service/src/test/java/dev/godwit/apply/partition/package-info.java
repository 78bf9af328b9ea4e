// SPDX-License-Identifier: Apache-2.0
/** Tests of what the polling thread does for each partition. */
@NullMarked
package dev.godwit.apply.partition;

import org.jspecify.annotations.NullMarked;
