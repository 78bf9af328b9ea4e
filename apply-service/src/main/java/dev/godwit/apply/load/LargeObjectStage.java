// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.load;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ServerVersion;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Takes parts of large objects into a table of the transaction's own, and makes the objects of
 * them. An object is made by its first part, in the name of its owner where the target has that
 * role and the session may act as it, else in our own; one that is there already is an error. Later
 * parts are written into it.
 */
final class LargeObjectStage implements PieceTarget {
    private static final int SETTING_A_ROLE = 16;

    private static final String STAGE = "pg_temp.godwit_large_objects";

    /** Values as they are, since they are read once; readable for the owners' roles. */
    private static final String CREATE =
            """
            CREATE TEMPORARY TABLE godwit_large_objects
              (owner text NOT NULL, object oid NOT NULL, start bigint NOT NULL, content bytea NOT NULL) ON COMMIT DROP;
            ALTER TABLE pg_temp.godwit_large_objects ALTER content SET STORAGE EXTERNAL;
            GRANT SELECT ON pg_temp.godwit_large_objects TO PUBLIC\
            """;

    /** To act as a role is one right, to have its rights another. */
    private static final String OWNERS =
            """
            SELECT owners.owner, coalesce(pg_catalog.pg_has_role(session_user, r.oid, '{act}')
                                          AND pg_catalog.pg_has_role(session_user, r.oid, 'USAGE'), false)
              FROM (SELECT DISTINCT owner FROM pg_temp.godwit_large_objects) AS owners
              LEFT JOIN pg_catalog.pg_roles r ON r.rolname = owners.owner
             ORDER BY 1\
            """;

    private static final String MAKE =
            "SELECT pg_catalog.count(*) FROM (SELECT pg_catalog.lo_create(object) FROM pg_temp.godwit_large_objects WHERE owner = ? AND start = 0 OFFSET 0) AS made";

    private static final String WRITE =
            "SELECT pg_catalog.count(*) FROM (SELECT pg_catalog.lo_put(object, start, content) FROM pg_temp.godwit_large_objects WHERE owner = ? OFFSET 0) AS written";

    @Override
    public String begin(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(CREATE);
        }
        return "COPY " + STAGE + " (owner, object, start, content) FROM STDIN";
    }

    @Override
    public void settle(Connection connection) throws SQLException {
        String own = role(connection);
        for (Map.Entry<String, Boolean> owner : owners(connection).entrySet()) {
            if (owner.getValue()) {
                act(connection, owner.getKey());
            }
            run(connection, MAKE, owner.getKey());
            run(connection, WRITE, owner.getKey());
            act(connection, own);
        }
    }

    /** Each owner's name, and whether the session may act as that role. */
    private static Map<String, Boolean> owners(Connection connection) throws SQLException {
        ServerVersion version = ConnectionSettings.version(connection);
        String query = OWNERS.replace("{act}", version.atLeast(SETTING_A_ROLE) ? "SET" : "MEMBER");
        var owners = new LinkedHashMap<String, Boolean>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            while (row.next()) {
                owners.put(row.getString(1), row.getBoolean(2));
            }
        }
        return owners;
    }

    /** The name of the role that the session acts as; "none": the user's own. */
    private static String role(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT pg_catalog.current_setting('role')")) {
            row.next();
            return row.getString(1);
        }
    }

    /** Until the transaction ends. */
    private static void act(Connection connection, String role) throws SQLException {
        run(connection, "SELECT pg_catalog.set_config('role', ?, true)", role);
    }

    private static void run(Connection connection, String query, String parameter)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, parameter);
            statement.executeQuery().close();
        }
    }
}
