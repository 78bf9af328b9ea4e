// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload;

import dev.godwit.tests.postgres.Roles;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Random;

/** What a {@link Writer}'s sessions do. */
public interface Application {
    /** Instead of a number of rows: this transaction is to be rolled back. */
    long ROLL_BACK = -1;

    /** One session's transactions, none of them committed by itself. */
    @FunctionalInterface
    interface Session {
        /** Runs the statements of the next transaction and returns the rows that they changed. */
        long next() throws SQLException;
    }

    Roles role();

    /** Goes on with the same random numbers where the session before was cut. */
    Session open(Connection connection, Random random) throws SQLException;

    /** The shop's. */
    static Application shop() {
        return new Application() {
            @Override
            public Roles role() {
                return Roles.APP;
            }

            @Override
            public Session open(Connection connection, Random random) throws SQLException {
                return new Transactions(connection, random)::next;
            }
        };
    }
}
