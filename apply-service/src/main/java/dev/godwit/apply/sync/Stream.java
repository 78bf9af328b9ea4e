// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.postgres.TableName;
import java.util.Map;
import java.util.Set;

/**
 * Which log a worker applies, and as whom.
 *
 * @param databaseId the database migration
 * @param epoch of the role {@code changes}, minted by the owner
 * @param sources the source tables of each target table: a TRUNCATE of one leaf must not empty a
 *     table that takes several
 */
public record Stream(String databaseId, long epoch, Map<TableName, Set<TableName>> sources) {
    public Stream {
        sources = Map.copyOf(sources);
    }
}
