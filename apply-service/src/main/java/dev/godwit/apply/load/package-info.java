// SPDX-License-Identifier: Apache-2.0
/**
 * The full load: pieces from the load topic into the target's tables, each with its ledger row in
 * one transaction.
 */
@NullMarked
package dev.godwit.apply.load;

import org.jspecify.annotations.NullMarked;
