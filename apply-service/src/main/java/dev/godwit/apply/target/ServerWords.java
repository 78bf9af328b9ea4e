// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.target;

import dev.godwit.postgres.SqlStates;
import java.sql.SQLException;
import org.postgresql.util.PSQLException;

/** What the server said, without its detail and context lines, which hold values of rows. */
public final class ServerWords {
    private ServerWords() {}

    /**
     * Whether the message itself quotes a value: the class of data exceptions does, as in {@code
     * invalid input syntax}.
     */
    public static boolean quotesValue(SQLException e) {
        return SqlStates.state(e).startsWith("22");
    }

    public static String of(SQLException e) {
        if (quotesValue(e)) {
            return "the value does not fit (its server's log has the words)";
        }
        if (e instanceof PSQLException refused && refused.getServerErrorMessage() != null) {
            String message = refused.getServerErrorMessage().getMessage();
            return message == null ? "no message" : message;
        }
        return e.getClass().getSimpleName();
    }

    /** The constraint or the column that the server names, empty where it names none. */
    public static String object(SQLException e) {
        if (e instanceof PSQLException refused && refused.getServerErrorMessage() != null) {
            String constraint = refused.getServerErrorMessage().getConstraint();
            if (constraint != null) {
                return "constraint \"" + constraint + "\"";
            }
            String column = refused.getServerErrorMessage().getColumn();
            if (column != null) {
                return "column \"" + column + "\"";
            }
        }
        return "";
    }
}
