// SPDX-License-Identifier: Apache-2.0
/** The godwit command: its arguments, its help, its exit codes. */
@NullMarked
package dev.godwit.standalone.cli;

import org.jspecify.annotations.NullMarked;
