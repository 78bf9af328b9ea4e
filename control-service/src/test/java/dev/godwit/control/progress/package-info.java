// SPDX-License-Identifier: Apache-2.0
/** The state table, and what is believed of reports. */
@NullMarked
package dev.godwit.control.progress;

import org.jspecify.annotations.NullMarked;
