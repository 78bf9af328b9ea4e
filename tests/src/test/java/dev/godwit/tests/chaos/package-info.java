// SPDX-License-Identifier: Apache-2.0
/**
 * Scenarios that kill, stop and starve the four processes and the databases, and still end equal.
 */
@NullMarked
package dev.godwit.tests.chaos;

import org.jspecify.annotations.NullMarked;
