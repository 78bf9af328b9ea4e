// SPDX-License-Identifier: Apache-2.0
/**
 * The checks before the start: what each found is data, an exception means that it could not be
 * asked.
 */
@NullMarked
package dev.godwit.control.assessment;

import org.jspecify.annotations.NullMarked;
