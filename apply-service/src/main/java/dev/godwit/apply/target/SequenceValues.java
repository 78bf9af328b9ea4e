// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SequenceOwner;
import dev.godwit.schemas.SequenceValue;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Sets the target's sequences to the source's values. One that has gone further already is left: it
 * never goes back.
 */
final class SequenceValues {
    /**
     * "Further" is up or down, as the sequence counts. A fresh one has not been called and gives
     * its start value next.
     */
    private static final String INCREMENT =
            """
            SELECT s.seqincrement FROM pg_catalog.pg_sequence s
              JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = ? AND c.relname = ?\
            """;

    private static final String OWNED =
            """
            SELECT sn.nspname, s.relname FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
               AND d.refobjid = c.oid AND d.refobjsubid = a.attnum
               AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
              JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
              JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
             WHERE n.nspname = ? AND c.relname = ? AND a.attname = ?\
            """;

    private static final String SET =
            """
            SELECT pg_catalog.setval(?::pg_catalog.regclass, ?::bigint, ?::boolean) FROM $sequence
             WHERE (last_value, is_called) IS DISTINCT FROM (?::bigint, ?::boolean)
               AND (last_value $behind ?::bigint OR NOT is_called)\
            """;

    private SequenceValues() {}

    /** Sets all, and returns the names of those that the target does not have. */
    static List<TableName> set(Connection connection, List<SequenceValue> values)
            throws SQLException {
        var missing = new ArrayList<TableName>();
        for (SequenceValue value : values) {
            TableName name = target(connection, value);
            Long increment = increment(connection, name);
            if (increment == null) {
                missing.add(name);
            } else {
                set(connection, name, increment > 0, value);
            }
        }
        return missing;
    }

    /**
     * Which of the target's sequences it is: the one of that name, and of a renamed table the one
     * that its column owns.
     */
    private static TableName target(Connection connection, SequenceValue value)
            throws SQLException {
        TableName name = TableName.of(value.getName());
        if (value.getOwner() == null
                || (!value.getRenamed() && increment(connection, name) != null)) {
            return name;
        }
        List<TableName> owned = owned(connection, value.getOwner());
        return owned.size() == 1 && !owned.contains(name) ? owned.getFirst() : name;
    }

    private static List<TableName> owned(Connection connection, SequenceOwner owner)
            throws SQLException {
        var names = new ArrayList<TableName>();
        try (PreparedStatement query = connection.prepareStatement(OWNED)) {
            query.setString(1, owner.getTable().getNamespace());
            query.setString(2, owner.getTable().getName());
            query.setString(3, owner.getColumn());
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    names.add(new TableName(row.getString(1), row.getString(2)));
                }
            }
        }
        return names;
    }

    @org.jspecify.annotations.Nullable
    private static Long increment(Connection connection, TableName name) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(INCREMENT)) {
            query.setString(1, name.schema());
            query.setString(2, name.name());
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? row.getLong(1) : null;
            }
        }
    }

    private static void set(
            Connection connection, TableName name, boolean rising, SequenceValue value)
            throws SQLException {
        try (PreparedStatement set =
                connection.prepareStatement(
                        SET.replace("$behind", rising ? "<" : ">")
                                .replace("$sequence", name.quoted()))) {
            set.setString(1, name.quoted());
            set.setLong(2, value.getLastValue());
            set.setBoolean(3, value.getIsCalled());
            set.setLong(4, value.getLastValue());
            set.setBoolean(5, value.getIsCalled());
            set.setLong(6, value.getLastValue());
            set.execute();
        } catch (SQLException e) {
            if (SqlStates.passing(e)) {
                throw e;
            }
            throw new MigrationException(
                    ErrorCode.RESTORE_FAILED,
                    "the target refuses value %d of sequence %s (SQLSTATE %s): %s"
                            .formatted(
                                    value.getLastValue(),
                                    name,
                                    SqlStates.state(e),
                                    ServerWords.of(e)),
                    "Give the target's sequence the source's type and bounds (ALTER SEQUENCE), and the right to set it, then retry.",
                    e);
        }
    }
}
