// SPDX-License-Identifier: Apache-2.0
/**
 * What stands in the way on the target while rows arrive, parked and restored exactly: indexes,
 * foreign keys, triggers, rules, checks, identities. And what makes the target ready for the
 * application: sequences, materialised views, statistics.
 */
@NullMarked
package dev.godwit.apply.target;

import org.jspecify.annotations.NullMarked;
