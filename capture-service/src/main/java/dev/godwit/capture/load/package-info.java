// SPDX-License-Identifier: Apache-2.0
/** Reads the selected tables at a snapshot and sends them to Kafka as COPY text: the full load. */
@NullMarked
package dev.godwit.capture.load;

import org.jspecify.annotations.NullMarked;
