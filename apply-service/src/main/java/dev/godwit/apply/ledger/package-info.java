// SPDX-License-Identifier: Apache-2.0
/**
 * What the target remembers: the schema {@code godwit}, whose rows commit together with the rows
 * they speak of. It decides after any crash what is done and who may go on.
 */
@NullMarked
package dev.godwit.apply.ledger;

import org.jspecify.annotations.NullMarked;
