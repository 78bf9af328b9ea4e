// SPDX-License-Identifier: Apache-2.0
/** Whether two databases hold the same rows, by means that share nothing with the product. */
@NullMarked
package dev.godwit.tests.compare;

import org.jspecify.annotations.NullMarked;
