// SPDX-License-Identifier: Apache-2.0
/**
 * A client of the control service's REST API: the only way in which the commands learn or change
 * anything.
 */
@NullMarked
package dev.godwit.standalone.api;

import org.jspecify.annotations.NullMarked;
