// SPDX-License-Identifier: Apache-2.0
/** The status page: read-only, rendered on the server, refreshed by the browser. */
@NullMarked
package dev.godwit.control.console;

import org.jspecify.annotations.NullMarked;
