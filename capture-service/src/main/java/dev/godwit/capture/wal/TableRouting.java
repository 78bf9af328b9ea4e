// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.postgres.TableName;
import java.util.Optional;

/**
 * Which target table takes a source table's rows. Changes of a table without one do not exist for
 * us.
 */
@FunctionalInterface
public interface TableRouting {
    Optional<TableName> target(TableName source);
}
