// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.compare;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;
import org.postgresql.copy.PGCopyOutputStream;

/**
 * Servers before 12 write a float with 17 digits, later ones with as few as tell it from others.
 * Either text is read as the same number, so the source's is read and written anew by the target's
 * server before it is compared.
 */
final class FloatText {
    private static final int SHORTEST_SINCE = 120_000;
    private static final String HOLDS =
            """
            WITH RECURSIVE held (oid) AS (
                SELECT atttypid FROM pg_attribute
                 WHERE attrelid = ?::text::regclass AND attnum > 0 AND NOT attisdropped
                UNION
                SELECT part.oid FROM held JOIN pg_type t ON t.oid = held.oid CROSS JOIN LATERAL (
                    SELECT t.typbasetype UNION ALL SELECT t.typelem
                    UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = t.typrelid AND t.typrelid <> 0
                    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid) AS part (oid)
                 WHERE part.oid <> 0)
            SELECT EXISTS (SELECT FROM held JOIN pg_type t USING (oid) WHERE t.typname IN
                ('float4', 'float8', 'point', 'lseg', 'path', 'box', 'polygon', 'line', 'circle', 'cube', 'seg'))
            """;

    private FloatText() {}

    /** Whether rows of this table of the target may be written in two ways. */
    static boolean differs(Connection from, Connection to, String table) throws SQLException {
        if (shortest(from) == shortest(to)) {
            return false;
        }
        try (PreparedStatement query = to.prepareStatement(HOLDS)) {
            query.setString(1, table);
            try (ResultSet row = query.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    /**
     * A query on the target's connection for the source's rows as the target writes them, in the
     * source's order.
     */
    static String reread(Connection from, Connection to, String table, String columns)
            throws SQLException {
        String names;
        try (Statement statement = to.createStatement()) {
            statement.execute("DROP TABLE IF EXISTS pg_temp.reread");
            statement.execute(
                    "CREATE TEMPORARY TABLE reread AS SELECT %s FROM %s WITH NO DATA"
                            .formatted(columns, table));
            names = names(statement);
            statement.execute("ALTER TABLE pg_temp.reread ADD \"place of a row\" bigserial");
        }
        try (var rows =
                new PGCopyOutputStream(
                        to.unwrap(PGConnection.class),
                        "COPY pg_temp.reread (%s) FROM STDIN".formatted(names))) {
            from.unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyOut("COPY (SELECT %s FROM %s) TO STDOUT".formatted(columns, table), rows);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return "SELECT %s FROM pg_temp.reread ORDER BY \"place of a row\"".formatted(names);
    }

    private static String names(Statement statement) throws SQLException {
        try (ResultSet row =
                statement.executeQuery(
                        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'pg_temp.reread'::regclass AND attnum > 0")) {
            row.next();
            return row.getString(1);
        }
    }

    private static boolean shortest(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW server_version_num")) {
            return row.next() && row.getInt(1) >= SHORTEST_SINCE;
        }
    }
}
