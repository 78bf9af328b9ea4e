// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.capture.source.Carried;
import dev.godwit.postgres.TableName;
import java.util.Map;
import java.util.Optional;

/**
 * Which target table takes a source table's rows. Changes of a table without one do not exist for
 * us.
 */
@FunctionalInterface
public interface TableRouting {
    /**
     * Where a table's rows go.
     *
     * @param source the name that it is selected by, whatever it is called now
     * @param carried what travels of them
     */
    record Route(TableName source, TableName target, Carried carried) {
        /** All of a table. */
        public Route(TableName source, TableName target) {
            this(source, target, Carried.ALL);
        }
    }

    /**
     * The way of a table's rows.
     *
     * @param oid pg_class.oid, which a table keeps when it is renamed
     * @param now its name at this point of the WAL
     */
    Optional<Route> route(long oid, TableName now);

    /** The selected tables' oids, as far as they are known. */
    default Map<TableName, Long> selected() {
        return Map.of();
    }
}
