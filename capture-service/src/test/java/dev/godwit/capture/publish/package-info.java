// SPDX-License-Identifier: Apache-2.0
/** Tests of the transactional log. */
@NullMarked
package dev.godwit.capture.publish;

import org.jspecify.annotations.NullMarked;
