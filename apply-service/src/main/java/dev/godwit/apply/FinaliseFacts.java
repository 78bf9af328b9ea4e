// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply;

import dev.godwit.apply.ledger.Facts;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/** The ledger's facts of finalising: for which marker it has begun, and for which it is done. */
final class FinaliseFacts {
    private static final String BEGUN = "finalising";
    private static final String DONE = "finalisedFor";

    private final Facts facts = new Facts();

    Optional<String> begun(Connection connection) throws SQLException {
        return facts.get(connection, BEGUN);
    }

    Optional<String> done(Connection connection) throws SQLException {
        return facts.get(connection, DONE);
    }

    void begin(Connection connection, String marker) throws SQLException {
        facts.put(connection, BEGUN, marker);
    }

    void done(Connection connection, String marker) throws SQLException {
        facts.put(connection, DONE, marker);
    }

    void forget(Connection connection) throws SQLException {
        facts.remove(connection, BEGUN);
        facts.remove(connection, DONE);
    }
}
