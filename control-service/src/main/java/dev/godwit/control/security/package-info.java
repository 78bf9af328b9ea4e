// SPDX-License-Identifier: Apache-2.0
/** Who may call: the bearer token, and the record of who asked for what. */
@NullMarked
package dev.godwit.control.security;

import org.jspecify.annotations.NullMarked;
