// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.TableName;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A target table as its catalog says: what may be written, and how a row is found.
 *
 * @param partitioned its rows live in partitions
 * @param columns those that are written
 * @param generated the names of those that the server fills itself
 * @param laneClass how its changes are shared out
 */
record TargetTable(
        TableName name,
        boolean partitioned,
        List<TargetColumn> columns,
        Set<String> generated,
        LaneClass laneClass) {
    TargetTable {
        columns = List.copyOf(columns);
        generated = Set.copyOf(generated);
    }

    /**
     * A column.
     *
     * @param baseType its type for a cast, domains resolved and without a length
     * @param domain its own type is a domain of that
     * @param ownType the name of that, if the database has made the column's type itself
     * @param textEqual equal values have equal text and the other way round
     */
    record TargetColumn(
            String name,
            String type,
            String baseType,
            boolean domain,
            int typeOid,
            int modifier,
            Optional<String> ownType,
            boolean textEqual) {
        String quoted() {
            return Identifiers.quote(name);
        }

        /** What an operator gets of a row: there is none for a domain of an enum. */
        String operand(String row) {
            return row + (domain ? "::" + baseType : "");
        }
    }

    /** For UPDATE, DELETE and TRUNCATE: children by inheritance are tables of their own. */
    String sql() {
        return partitioned ? name.quoted() : "ONLY " + name.quoted();
    }

    /** The columns whose types are of this database, in words; empty without any. */
    String ofOwnTypes() {
        return columns.stream()
                .filter(column -> column.ownType().isPresent())
                .map(column -> column.name() + " of type " + column.type())
                .collect(Collectors.joining(", "));
    }

    TargetTable with(LaneClass other) {
        return new TargetTable(name, partitioned, columns, generated, other);
    }

    /** The column's place in {@link #columns}, -1 if it is not written. */
    int indexOf(String column) {
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).name().equals(column)) {
                return i;
            }
        }
        return -1;
    }
}
