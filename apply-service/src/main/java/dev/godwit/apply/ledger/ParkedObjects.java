// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.ledger;

import dev.godwit.postgres.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What apply has taken off the target's tables, with all that is needed to put it back. */
public final class ParkedObjects {
    /**
     * One parked object.
     *
     * @param kind what it is, for whoever restores it
     * @param name its name among its kind on this table
     * @param payload definition and state, opaque here
     */
    public record Parked(long id, TableName table, String kind, String name, String payload) {}

    /**
     * Remembers an object. The first definition wins: a second park of the same changes nothing.
     */
    public void add(
            Connection connection, TableName table, String kind, String name, String payload)
            throws SQLException {
        try (PreparedStatement insert =
                connection.prepareStatement(
                        """
                        INSERT INTO godwit.parked (namespace, name, kind, object, payload)
                        VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING\
                        """)) {
            insert.setString(1, table.schema());
            insert.setString(2, table.name());
            insert.setString(3, kind);
            insert.setString(4, name);
            insert.setString(5, payload);
            insert.executeUpdate();
        }
    }

    /** All, in the order they were parked. */
    public List<Parked> all(Connection connection) throws SQLException {
        var parked = new ArrayList<Parked>();
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT id, namespace, name, kind, object, payload FROM godwit.parked ORDER BY id")) {
            while (row.next()) {
                parked.add(
                        new Parked(
                                row.getLong(1),
                                new TableName(row.getString(2), row.getString(3)),
                                row.getString(4),
                                row.getString(5),
                                row.getString(6)));
            }
        }
        return parked;
    }

    /**
     * Forgets one that has been restored, in the transaction that restored it, and says whether it
     * was still there.
     */
    public boolean remove(Connection connection, Parked parked) throws SQLException {
        try (PreparedStatement delete =
                connection.prepareStatement("DELETE FROM godwit.parked WHERE id = ?")) {
            delete.setLong(1, parked.id());
            return delete.executeUpdate() == 1;
        }
    }
}
