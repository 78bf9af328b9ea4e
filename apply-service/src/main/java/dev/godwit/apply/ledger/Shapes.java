// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.ledger;

import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.codec.RecordCodec;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/** The newest announced shape of each source relation, kept because old records get trimmed. */
public final class Shapes {
    private final RecordCodec codec;

    public Shapes(RecordCodec codec) {
        this.codec = codec;
    }

    public Map<Integer, SchemaChange> all(Connection connection) throws SQLException {
        var shapes = new HashMap<Integer, SchemaChange>();
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT relation, shape FROM godwit.shape")) {
            while (row.next()) {
                shapes.put((int) row.getLong(1), codec.decode(row.getBytes(2), SchemaChange.class));
            }
        }
        return shapes;
    }

    public void save(Connection connection, SchemaChange shape) throws SQLException {
        try (PreparedStatement upsert =
                connection.prepareStatement(
                        """
                        INSERT INTO godwit.shape (relation, namespace, name, shape)
                        VALUES (?, ?, ?, ?) ON CONFLICT (relation) DO UPDATE SET
                          namespace = EXCLUDED.namespace, name = EXCLUDED.name,
                          shape = EXCLUDED.shape\
                        """)) {
            upsert.setLong(1, Integer.toUnsignedLong(shape.getRelation()));
            upsert.setString(2, shape.getTarget().getNamespace());
            upsert.setString(3, shape.getTarget().getName());
            upsert.setBytes(4, codec.encode(shape));
            upsert.executeUpdate();
        }
    }
}
