// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/** Small durable facts of the migration's life, by name. */
public final class Facts {
    public void put(Connection connection, String name, String value) throws SQLException {
        try (PreparedStatement upsert =
                connection.prepareStatement(
                        "INSERT INTO godwit.fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value")) {
            upsert.setString(1, name);
            upsert.setString(2, value);
            upsert.executeUpdate();
        }
    }

    public Optional<String> get(Connection connection, String name) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("SELECT value FROM godwit.fact WHERE name = ?")) {
            select.setString(1, name);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }

    public void remove(Connection connection, String name) throws SQLException {
        try (PreparedStatement delete =
                connection.prepareStatement("DELETE FROM godwit.fact WHERE name = ?")) {
            delete.setString(1, name);
            delete.executeUpdate();
        }
    }
}
