// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import javax.net.ssl.SSLException;

/**
 * SQLSTATE to error code (PostgreSQL docs, appendix A). Nothing is decided by the words of a
 * message.
 */
public final class SqlStates {
    private SqlStates() {}

    /** The code for a failure while connecting. */
    public static ErrorCode connecting(SQLException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case UnknownHostException unknown -> {
                    return ErrorCode.HOST_UNKNOWN;
                }
                case SSLException tls -> {
                    return ErrorCode.TLS_FAILED;
                }
                case ConnectException refused -> {
                    return ErrorCode.SERVER_UNREACHABLE;
                }
                case NoRouteToHostException unreachable -> {
                    return ErrorCode.SERVER_UNREACHABLE;
                }
                case SocketTimeoutException late -> {
                    return ErrorCode.SERVER_UNREACHABLE;
                }
                default -> {}
            }
        }
        return switch (state(e)) {
            // 08004 is the driver's own: a password is asked for and none was given. A server
            // without TLS has it too, but with an SSLException as its cause (ConnectionSettings).
            case "28P01", "08004" -> ErrorCode.PASSWORD_WRONG;
            case "28000" -> ErrorCode.ACCESS_REFUSED;
            case "3D000" -> ErrorCode.DATABASE_UNKNOWN;
            case "42501" -> ErrorCode.PERMISSION_DENIED;
            default -> ErrorCode.SERVER_UNREACHABLE;
        };
    }

    /**
     * Whether the same statement may succeed on a new connection without anybody's help:
     * connection, shutdown, resources, locks.
     */
    public static boolean passing(SQLException e) {
        String state = state(e);
        return state.startsWith("08")
                || state.startsWith("53")
                || state.startsWith("57P0")
                || state.equals("40001")
                || state.equals("40P01")
                || state.equals("55P03")
                || state.equals("55006");
    }

    /**
     * Whether the server will not take the statement however often it is repeated: syntax, or an
     * object that is not there. A missing right has a code of its own, and what is there already is
     * dropped before the next try.
     */
    public static boolean refused(SQLException e) {
        String state = state(e);
        return state.startsWith("42") && !state.equals("42501") && !state.equals("42710");
    }

    /** The SQLSTATE, empty where the driver gives none. */
    public static String state(SQLException e) {
        String state = e.getSQLState();
        return state == null ? "" : state;
    }
}
