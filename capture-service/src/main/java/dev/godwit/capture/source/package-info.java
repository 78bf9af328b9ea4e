// SPDX-License-Identifier: Apache-2.0
/**
 * What Godwit makes, reads and drops on the source: slot, publication, snapshot, fence, sequences.
 */
@NullMarked
package dev.godwit.capture.source;

import org.jspecify.annotations.NullMarked;
