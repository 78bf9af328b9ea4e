// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.TableName;
import java.util.List;
import java.util.Map;
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
    record CatalogColumn(String name, String type, boolean required, boolean generated) {
        CatalogColumn in(Map<String, String> schemas) {
            for (Map.Entry<String, String> schema : schemas.entrySet()) {
                String prefix = schema.getKey() + ".";
                if (type.startsWith(prefix)) {
                    return new CatalogColumn(
                            name,
                            schema.getValue() + "." + type.substring(prefix.length()),
                            required,
                            generated);
                }
            }
            return this;
        }
    }

    Optional<CatalogColumn> column(String columnName) {
        return columns.stream().filter(column -> column.name().equals(columnName)).findFirst();
    }

    boolean partition() {
        return !ancestors.isEmpty();
    }

    /**
     * The table with these columns only, and with types as they are called on the target.
     *
     * @param listed empty: all columns
     * @param schemas source schema to target schema, each as its server prints it
     */
    CatalogTable carrying(List<String> listed, Map<String, String> schemas) {
        if (listed.isEmpty() && schemas.isEmpty()) {
            return this;
        }
        return withColumns(
                columns.stream()
                        .filter(column -> listed.isEmpty() || listed.contains(column.name()))
                        .map(column -> column.in(schemas))
                        .toList());
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
