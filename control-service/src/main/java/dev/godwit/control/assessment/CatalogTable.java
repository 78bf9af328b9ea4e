// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.TableName;
import java.util.List;
import java.util.Optional;

/**
 * One table as the catalog holds it.
 *
 * @param ancestors of a partition, its parent first and the root last; empty for any other table
 * @param identity pg_class.relreplident: d, n, f or i
 * @param keyed whether that identity has its index: the primary key for d, unless it is deferrable,
 *     the index named for i
 * @param keyedAcrossPartitions whether no two partitions of its root can hold the same key
 * @param owned whether our user is a member of its owner
 * @param filtered whether row security would hide rows from our user
 */
record CatalogTable(
        TableName name,
        List<TableName> ancestors,
        boolean partitioned,
        boolean unlogged,
        boolean ofExtension,
        char identity,
        boolean keyed,
        boolean keyedAcrossPartitions,
        boolean identityHoldsGenerated,
        boolean owned,
        String owner,
        boolean readable,
        boolean writable,
        boolean filtered,
        List<CatalogColumn> columns) {

    /**
     * @param type format_type, with the schema of a type that is not PostgreSQL's own
     */
    record CatalogColumn(String name, String type, boolean required, boolean generated) {}

    Optional<CatalogColumn> column(String columnName) {
        return columns.stream().filter(column -> column.name().equals(columnName)).findFirst();
    }

    boolean partition() {
        return !ancestors.isEmpty();
    }

    CatalogTable withColumns(List<CatalogColumn> read) {
        return new CatalogTable(
                name,
                ancestors,
                partitioned,
                unlogged,
                ofExtension,
                identity,
                keyed,
                keyedAcrossPartitions,
                identityHoldsGenerated,
                owned,
                owner,
                readable,
                writable,
                filtered,
                List.copyOf(read));
    }
}
