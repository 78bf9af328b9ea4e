// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import java.sql.SQLException;

/**
 * Whether the databases answer with this user and password, asked before anything is started or
 * written.
 */
final class Reachability {
    private Reachability() {}

    /**
     * @throws MigrationException with the first server that does not, and why
     */
    static void require(MigrateArguments arguments) {
        for (DatabaseMapping mapping : arguments.databases()) {
            open(arguments.source().connection(mapping.source()), "source");
            open(arguments.target().connection(mapping.target()), "target");
        }
    }

    private static void open(ConnectionSettings server, String side) {
        try {
            server.open("godwit check").close();
        } catch (SQLException e) {
            ErrorCode code = SqlStates.connecting(e);
            throw new MigrationException(
                    code,
                    "the %s %s: %s".formatted(side, server, e.getMessage()),
                    code.remedy(),
                    e);
        }
    }
}
