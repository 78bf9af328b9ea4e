// SPDX-License-Identifier: Apache-2.0
/** What capture and apply report, followed from the topics and answered by interactive queries. */
@NullMarked
package dev.godwit.control.progress;

import org.jspecify.annotations.NullMarked;
