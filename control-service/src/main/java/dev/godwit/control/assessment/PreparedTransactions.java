// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The transactions that are prepared in one source database: committed later, they would pass every
 * fence.
 */
public final class PreparedTransactions {
    private PreparedTransactions() {}

    /**
     * Their names.
     *
     * @throws MigrationException if the source cannot be asked
     */
    public static List<String> of(ConnectionSettings source, String applicationName) {
        try (Connection connection = source.open(applicationName);
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database() ORDER BY prepared")) {
            var names = new ArrayList<String>();
            while (row.next()) {
                names.add(row.getString(1));
            }
            return List.copyOf(names);
        } catch (SQLException e) {
            throw new MigrationException(
                    SqlStates.connecting(e),
                    "the source %s could not be asked for prepared transactions: %s"
                            .formatted(source, e.getMessage()),
                    e);
        }
    }
}
