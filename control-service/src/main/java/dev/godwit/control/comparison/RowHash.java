// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import dev.godwit.postgres.ServerVersion;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/** How a row's text becomes 128 bits of which two servers say the same. */
enum RowHash {
    /**
     * The server's own, with two seeds: five times as fast as MD5. It also places rows in hash
     * partitions, which pg_upgrade takes over as they are, so all versions that have it agree on
     * one kind of machine; where they do not, {@link #sample} tells. It hashes the text as it is
     * encoded.
     */
    EXTENDED(
            "(%s) COLLATE pg_catalog.\"C\"",
            "pg_catalog.hashtextextended(hashed, 0)", "pg_catalog.hashtextextended(hashed, 1)"),
    /** Of the text in UTF-8: for servers without the other, or of two encodings. */
    MD5(
            "('x' || pg_catalog.md5(pg_catalog.convert_to(%s, 'UTF8')))::pg_catalog.bit(128)",
            "hashed::pg_catalog.bit(64)::bigint", "(hashed << 64)::pg_catalog.bit(64)::bigint");

    private static final int EXTENDED_SINCE = 11;

    private final String hashed;
    private final String high;
    private final String low;

    /**
     * As SQL.
     *
     * @param hashed of the row's text
     * @param high of the column {@code hashed}, a bigint
     */
    RowHash(String hashed, String high, String low) {
        this.hashed = hashed;
        this.high = high;
        this.low = low;
    }

    /** One that both servers have and agree on. */
    static RowHash between(Optional<String> ofSource, Optional<String> ofTarget) {
        return ofSource.isPresent() && ofSource.equals(ofTarget) ? EXTENDED : MD5;
    }

    /** The database's encoding, and what its own hash says of a text; empty if it has none. */
    static Optional<String> sample(Connection connection, ServerVersion version)
            throws SQLException {
        if (!version.atLeast(EXTENDED_SINCE)) {
            return Optional.empty();
        }
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT pg_catalog.getdatabaseencoding() || ' ' || pg_catalog.hashtextextended('bar-tailed godwit' COLLATE pg_catalog.\"C\", 1)")) {
            row.next();
            return Optional.of(row.getString(1));
        }
    }

    /**
     * The query that counts and sums these rows. OFFSET keeps the planner from computing a row's
     * text once for each sum.
     */
    String query(String rowText, String from) {
        return "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum("
                + high
                + "), 0), coalesce(pg_catalog.sum("
                + low
                + "), 0) FROM (SELECT "
                + hashed.formatted(rowText)
                + " AS hashed FROM "
                + from
                + " OFFSET 0) AS hashes";
    }
}
