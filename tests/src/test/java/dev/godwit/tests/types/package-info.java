// SPDX-License-Identifier: Apache-2.0
/**
 * Every type through every path between every two versions, and the table that the docs show of it.
 */
@NullMarked
package dev.godwit.tests.types;

import org.jspecify.annotations.NullMarked;
