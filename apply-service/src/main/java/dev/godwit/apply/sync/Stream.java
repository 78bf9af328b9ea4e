// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.postgres.TableName;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Which log a worker applies, and as whom.
 *
 * @param databaseId the database migration
 * @param epoch of the role {@code changes}, minted by the owner
 * @param sources the source tables of each target table, as control wants it now: a TRUNCATE of one
 *     leaf must not empty a table that takes several
 */
public record Stream(
        String databaseId, long epoch, Supplier<Map<TableName, Set<TableName>>> sources) {}
