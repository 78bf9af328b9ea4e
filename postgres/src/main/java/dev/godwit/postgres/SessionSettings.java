// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The settings that every session of ours fixes, so that the same value has the same text on both
 * sides whatever the server, the database or the role sets (PostgreSQL docs, chapter 20: "Server
 * Configuration").
 */
public final class SessionSettings {
    /** Servers older than 9.6 have not all of them; they are only told that they are too old. */
    private static final int NEWEST_REFUSED = 90_600;

    private SessionSettings() {}

    /** Name to value, for a server of this version. */
    public static Map<String, String> of(ServerVersion version) {
        var settings = new LinkedHashMap<String, String>();
        settings.put("client_encoding", "UTF8");
        settings.put("DateStyle", "ISO");
        settings.put("IntervalStyle", "postgres");
        settings.put("extra_float_digits", "3");
        settings.put("bytea_output", "hex");
        settings.put("lc_monetary", "C");
        settings.put("TimeZone", "UTC");
        settings.put("array_nulls", "on");
        settings.put("xmloption", "content");
        if (version.number() >= NEWEST_REFUSED) {
            settings.put("row_security", "off");
            settings.put("idle_in_transaction_session_timeout", "0");
        }
        settings.put("search_path", "");
        settings.put("standard_conforming_strings", "on");
        settings.put("default_transaction_read_only", "off");
        settings.put("default_transaction_isolation", "read committed");
        settings.put("statement_timeout", "0");
        settings.put("lock_timeout", "0");
        settings.put("synchronize_seqscans", "off");
        settings.put("quote_all_identifiers", "off");
        if (version.atLeast(14)) {
            settings.put("idle_session_timeout", "0");
        }
        if (version.atLeast(17)) {
            settings.put("transaction_timeout", "0");
        }
        return settings;
    }

    /** Fixes them on an ordinary connection outside a transaction. */
    static void fix(Connection connection, ServerVersion version) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    of(version).entrySet().stream()
                            .map(setting ->
                                    "SET "
                                            + setting.getKey()
                                            + " = "
                                            + Identifiers.literal(setting.getValue()))
                            .collect(Collectors.joining("; ")));
        }
    }

    /**
     * As the value of the start-up parameter {@code options}: how a replication connection gets
     * them.
     */
    public static String asOptions(ServerVersion version) {
        return of(version).entrySet().stream()
                .map(setting ->
                        "-c "
                                + setting.getKey()
                                + "="
                                + setting.getValue().replace("\\", "\\\\").replace(" ", "\\ "))
                .collect(Collectors.joining(" "));
    }
}
