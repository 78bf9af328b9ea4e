// SPDX-License-Identifier: Apache-2.0
/** Avro single-object encoding of the contract's records, readable by older and newer services. */
@NullMarked
package dev.godwit.schemas.codec;

import org.jspecify.annotations.NullMarked;
