// SPDX-License-Identifier: Apache-2.0
/**
 * The REST API: maps HTTP to one call on a feature and back, and every failure to code, what and
 * remedy.
 */
@NullMarked
package dev.godwit.control.api;

import org.jspecify.annotations.NullMarked;
