// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.source;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.SqlStates;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * One source database as one owner of its stream sees it: every session's name carries the
 * migration and the owner's epoch, so that a later owner can tell and end it.
 *
 * @param id of the database migration; slot and publication are named after it
 */
public record SourceDatabase(ConnectionSettings settings, String id, long epoch) {
    /** Of the slot and of the publication. */
    public String objectName() {
        return "godwit_" + id;
    }

    /** How the names of all sessions of this migration begin, of every owner. */
    String sessionPrefix() {
        return "godwit " + id + " ";
    }

    /**
     * An ordinary session in autocommit.
     *
     * @param role what the session is for, one word
     */
    public Connection open(String role) {
        try {
            return settings.open(sessionName(role));
        } catch (SQLException e) {
            throw unreachable(e);
        }
    }

    /** A walsender of this database, for replication commands only. */
    Connection openReplication(String role) {
        Properties properties = settings.properties(sessionName(role));
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "10");
        try {
            return DriverManager.getConnection(settings.url(), properties);
        } catch (SQLException e) {
            throw unreachable(e);
        }
    }

    /** A statement failed: with the code that its SQLSTATE has, else {@code SOURCE_FAILED}. */
    public MigrationException failed(String what, SQLException e) {
        return new MigrationException(code(e), what + ": " + message(e), e);
    }

    private MigrationException unreachable(SQLException e) {
        return new MigrationException(
                SqlStates.connecting(e), "source " + settings + ": " + message(e), e);
    }

    private String sessionName(String role) {
        return sessionPrefix() + role + " " + epoch;
    }

    private static ErrorCode code(SQLException e) {
        String state = SqlStates.state(e);
        return switch (state) {
            case "42501" -> ErrorCode.PERMISSION_DENIED;
            case "53400" -> ErrorCode.NO_FREE_SLOT;
            case "22021", "22P05" -> ErrorCode.TEXT_UNREADABLE;
            case "55P03" -> ErrorCode.LOCK_NOT_AVAILABLE;
            default -> {
                if (SqlStates.refused(e)) {
                    yield ErrorCode.SOURCE_REFUSED;
                }
                yield state.startsWith("08") || state.startsWith("57P0")
                        ? ErrorCode.SERVER_UNREACHABLE
                        : ErrorCode.SOURCE_FAILED;
            }
        };
    }

    /** The server's primary message: details may show values of rows. */
    static String message(SQLException e) {
        if (e instanceof PSQLException refused) {
            ServerErrorMessage server = refused.getServerErrorMessage();
            if (server != null && server.getMessage() != null) {
                return server.getMessage();
            }
        }
        return String.valueOf(e.getMessage());
    }
}
