// SPDX-License-Identifier: Apache-2.0
/** Each bad input against a real server. */
@NullMarked
package dev.godwit.control.assessment;

import org.jspecify.annotations.NullMarked;
