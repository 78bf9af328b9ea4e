// SPDX-License-Identifier: Apache-2.0
/**
 * Schemas and transactions drawn from a seed: every type, key and shape of table, and what
 * applications do to their rows. The same seed draws the same schema and, for each session, the
 * same transactions.
 */
@NullMarked
package dev.godwit.tests.workload.random;

import org.jspecify.annotations.NullMarked;
