// SPDX-License-Identifier: Apache-2.0
/** The topics: their names, keys and settings, and following a compacted one. */
@NullMarked
package dev.godwit.schemas.topic;

import org.jspecify.annotations.NullMarked;
