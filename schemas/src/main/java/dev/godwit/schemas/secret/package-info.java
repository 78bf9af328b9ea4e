// SPDX-License-Identifier: Apache-2.0
/** Passwords sealed before they enter a topic. */
@NullMarked
package dev.godwit.schemas.secret;

import org.jspecify.annotations.NullMarked;
