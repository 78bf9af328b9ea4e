// SPDX-License-Identifier: Apache-2.0
/** Real servers for the tests. */
@NullMarked
package dev.godwit.apply.server;

import org.jspecify.annotations.NullMarked;
