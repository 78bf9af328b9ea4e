// SPDX-License-Identifier: Apache-2.0
/** Tests of this package. */
@NullMarked
package dev.godwit.standalone.cli;

import org.jspecify.annotations.NullMarked;
