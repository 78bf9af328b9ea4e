// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Which server this is, and where its WAL stands.
 *
 * @param systemIdentifier as initdb made it (pg_control_system)
 * @param timeline of the WAL segment that is written now; promotion raises it
 * @param insertLsn pg_current_wal_insert_lsn(): at or behind every commit that is visible
 */
public record SourceIdentity(String systemIdentifier, int timeline, long insertLsn) {
    private static final String READ =
            """
            SELECT (pg_catalog.pg_control_system()).system_identifier::text,
                   ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int,
                   (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint
            """;

    /** As this session's server says. */
    public static SourceIdentity read(Connection source) throws SQLException {
        try (Statement statement = source.createStatement();
                ResultSet row = statement.executeQuery(READ)) {
            row.next();
            return new SourceIdentity(row.getString(1), row.getInt(2), row.getLong(3));
        }
    }
}
