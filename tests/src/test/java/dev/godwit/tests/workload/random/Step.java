// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;

/** One statement of a transaction. */
sealed interface Step {
    /** Returns the rows that it changed. */
    long run(Connection connection) throws SQLException;

    record Sql(String sql) implements Step {
        @Override
        public long run(Connection connection) throws SQLException {
            try (Statement statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                statement.execute(sql);
                return Math.max(0, statement.getUpdateCount());
            }
        }
    }

    /** COPY of rows in text format. */
    record CopyIn(String sql, String rows) implements Step {
        @Override
        public long run(Connection connection) throws SQLException {
            try {
                return connection
                        .unwrap(PGConnection.class)
                        .getCopyAPI()
                        .copyIn(sql, new StringReader(rows));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
