// SPDX-License-Identifier: Apache-2.0
/** The rules of the house that a compiler does not know. */
@NullMarked
package dev.godwit.tests.architecture;

import org.jspecify.annotations.NullMarked;
