// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Identifiers;
import dev.godwit.postgres.ServerVersion;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What both servers must be able to do. */
final class ServerChecks {
    private static final int SLOT_WAL_LIMIT = 13;

    /**
     * Of all a server's encodings, those not every text of which comes back from UTF-8 as it was.
     */
    private static final Set<String> TWO_CODES = Set.of("EUC_JP", "EUC_TW");

    private static final int TRUNCATE_STREAMED = 11;

    private ServerChecks() {}

    static List<Check> all() {
        return List.of(
                ServerChecks::primaries,
                ServerChecks::walLevel,
                ServerChecks::replicationRight,
                ServerChecks::slots,
                ServerChecks::slotWalLimit,
                ServerChecks::truncates,
                ServerChecks::preparedTransactions,
                ServerChecks::encoding,
                ServerChecks::rights,
                ServerChecks::ledger);
    }

    static List<CheckFinding> versions(ServerVersion source, ServerVersion target) {
        String both = "source %s, target %s".formatted(source, target);
        var findings = new ArrayList<CheckFinding>();
        findings.add(
                source.publishes()
                        ? CheckFinding.passed("source.version", ErrorCode.SOURCE_TOO_OLD, both)
                        : CheckFinding.failed(
                                "source.version",
                                ErrorCode.SOURCE_TOO_OLD,
                                "the source is PostgreSQL %s".formatted(source)));
        findings.add(
                target.major() >= source.major()
                        ? CheckFinding.passed("target.version", ErrorCode.TARGET_OLDER, both)
                        : CheckFinding.failed(
                                "target.version",
                                ErrorCode.TARGET_OLDER,
                                "the target is PostgreSQL %s, older than the source's %s"
                                        .formatted(target, source)));
        return findings;
    }

    private static List<CheckFinding> primaries(Databases databases) throws SQLException {
        var findings = new ArrayList<CheckFinding>();
        for (boolean source : new boolean[] {true, false}) {
            Databases.Side side = source ? databases.source() : databases.target();
            String id = source ? "source.primary" : "target.primary";
            findings.add(
                    flag(side.connection(), "SELECT pg_catalog.pg_is_in_recovery()")
                            ? CheckFinding.failed(
                                    id,
                                    ErrorCode.SERVER_IS_STANDBY,
                                    "the %s server is a standby"
                                            .formatted(source ? "source" : "target"))
                            : CheckFinding.passed(
                                    id, ErrorCode.SERVER_IS_STANDBY, "the server is a primary"));
        }
        return findings;
    }

    private static List<CheckFinding> walLevel(Databases databases) throws SQLException {
        String level =
                text(
                        databases.source().connection(),
                        "SELECT pg_catalog.current_setting('wal_level')");
        if (level.equals("logical")) {
            return List.of(
                    CheckFinding.passed(
                            "source.wal-level", ErrorCode.WAL_LEVEL, "wal_level is 'logical'"));
        }
        boolean managed =
                flag(
                        databases.source().connection(),
                        "SELECT EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'rds.logical_replication')");
        String remedy =
                managed
                        ? "Set rds.logical_replication = 1 in the server's parameter group; then restart it"
                        : "On the source: ALTER SYSTEM SET wal_level = 'logical'; then restart it (the parameter is read at the server's start only)";
        return List.of(
                CheckFinding.failed(
                        "source.wal-level",
                        ErrorCode.WAL_LEVEL,
                        "wal_level of the source is '%s'".formatted(level),
                        remedy));
    }

    private static List<CheckFinding> replicationRight(Databases databases) throws SQLException {
        Databases.Side source = databases.source();
        boolean right =
                flag(
                        source.connection(),
                        """
                        SELECT me.rolsuper OR me.rolreplication
                               OR EXISTS (SELECT FROM pg_catalog.pg_roles r
                                           WHERE r.rolname IN ('rds_replication', 'rds_superuser', 'azure_pg_admin', 'cloudsqlsuperuser', 'alloydbsuperuser')
                                             AND r.rolname = 'rds_replication' AND pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER'))
                          FROM pg_catalog.pg_roles me WHERE me.rolname = current_user\
                        """);
        return List.of(
                right
                        ? CheckFinding.passed(
                                "source.replication-right",
                                ErrorCode.NO_REPLICATION_RIGHT,
                                "user %s may replicate".formatted(source.user()))
                        : CheckFinding.failed(
                                "source.replication-right",
                                ErrorCode.NO_REPLICATION_RIGHT,
                                "user %s of the source lacks the right REPLICATION"
                                        .formatted(source.user()),
                                "On the source: ALTER ROLE %s REPLICATION; (on Amazon RDS: GRANT rds_replication TO %1$s;)"
                                        .formatted(Identifiers.quote(source.user()))));
    }

    private static List<CheckFinding> slots(Databases databases) throws SQLException {
        Connection source = databases.source().connection();
        return List.of(
                room(
                        databases,
                        "source.slots",
                        "max_replication_slots",
                        number(
                                source,
                                "SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots")),
                room(
                        databases,
                        "source.senders",
                        "max_wal_senders",
                        number(
                                source,
                                "SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication")));
    }

    private static CheckFinding room(Databases databases, String id, String setting, long used)
            throws SQLException {
        long most =
                number(
                        databases.source().connection(),
                        "SELECT pg_catalog.current_setting('%s')".formatted(setting));
        String what =
                "%s of the source is %d, %d in use, %d needed"
                        .formatted(setting, most, used, databases.slotsNeeded());
        if (most - used >= databases.slotsNeeded()) {
            return CheckFinding.passed(id, ErrorCode.NO_FREE_SLOT, what);
        }
        return CheckFinding.failed(
                id,
                ErrorCode.NO_FREE_SLOT,
                what,
                "On the source: drop what nobody uses (SELECT slot_name, active FROM pg_replication_slots), or ALTER SYSTEM SET %s = %d; then restart it"
                        .formatted(setting, Math.max(10, used + databases.slotsNeeded())));
    }

    private static List<CheckFinding> slotWalLimit(Databases databases) throws SQLException {
        if (!databases.source().version().atLeast(SLOT_WAL_LIMIT)) {
            return List.of();
        }
        String limit =
                text(
                        databases.source().connection(),
                        "SELECT pg_catalog.current_setting('max_slot_wal_keep_size')");
        return List.of(
                limit.equals("-1")
                        ? CheckFinding.passed(
                                "source.slot-wal-limit",
                                ErrorCode.SLOT_LOST,
                                "the source keeps WAL for as long as a slot needs it")
                        : CheckFinding.warning(
                                "source.slot-wal-limit",
                                ErrorCode.SLOT_LOST,
                                "max_slot_wal_keep_size of the source is %s: if Godwit stands still while more is written, the slot is lost"
                                        .formatted(limit),
                                "On the source: ALTER SYSTEM SET max_slot_wal_keep_size = -1; SELECT pg_reload_conf();"));
    }

    private static List<CheckFinding> truncates(Databases databases) {
        return databases.source().version().atLeast(TRUNCATE_STREAMED)
                ? List.of()
                : List.of(
                        CheckFinding.warning(
                                "source.truncate",
                                ErrorCode.TABLE_REWRITTEN,
                                "PostgreSQL %s tells of no TRUNCATE in its changes: a table that is truncated or rewritten meanwhile is loaded again once Godwit sees its new file"
                                        .formatted(databases.source().version()),
                                "Until the cutover, empty tables with DELETE instead of TRUNCATE"));
    }

    private static List<CheckFinding> preparedTransactions(Databases databases)
            throws SQLException {
        long prepared =
                number(
                        databases.source().connection(),
                        "SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_xacts");
        return List.of(
                prepared == 0
                        ? CheckFinding.passed(
                                "source.prepared-transactions",
                                ErrorCode.PREPARED_TRANSACTION,
                                "no prepared transaction on the source")
                        : CheckFinding.warning(
                                "source.prepared-transactions",
                                ErrorCode.PREPARED_TRANSACTION,
                                "%d prepared transactions on the source server: the start waits until each is ended"
                                        .formatted(prepared),
                                "On the source: SELECT gid, prepared, owner, database FROM pg_prepared_xacts; then COMMIT PREPARED or ROLLBACK PREPARED"));
    }

    private static List<CheckFinding> encoding(Databases databases) throws SQLException {
        String query =
                "SELECT pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()";
        String source = text(databases.source().connection(), query);
        String target = text(databases.target().connection(), query);
        String what = "the source is encoded in %s, the target in %s".formatted(source, target);
        boolean carried = source.equals(target) || target.equals("UTF8");
        if (source.equals("SQL_ASCII") && carried) {
            return List.of(
                    CheckFinding.warning(
                            "target.encoding",
                            ErrorCode.ENCODING_DIFFERS,
                            what + ": text of the source that is no UTF-8 cannot be read",
                            "Make sure that all text of the source is UTF-8"));
        }
        if (TWO_CODES.contains(source) && source.equals(target)) {
            return List.of(
                    CheckFinding.warning(
                            "target.encoding",
                            ErrorCode.ENCODING_DIFFERS,
                            what
                                    + ": some characters have two codes there; text travels as UTF-8, so the second arrives as the first, and the comparison at the cutover says so",
                            "Create the target database with ENCODING 'UTF8', where such a character has one code"));
        }
        return List.of(
                carried
                        ? CheckFinding.passed("target.encoding", ErrorCode.ENCODING_DIFFERS, what)
                        : CheckFinding.failed("target.encoding", ErrorCode.ENCODING_DIFFERS, what));
    }

    private static List<CheckFinding> rights(Databases databases) throws SQLException {
        return List.of(
                right("CREATE", "source", databases.source(), "the publication"),
                right("CREATE", "target", databases.target(), "the schema godwit"),
                right("TEMPORARY", "target", databases.target(), "tables that stage changes"));
    }

    private static CheckFinding right(
            String privilege, String side, Databases.Side database, String what)
            throws SQLException {
        String id = "%s.%s-right".formatted(side, privilege.toLowerCase(Locale.ROOT));
        if (flag(
                database.connection(),
                "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), '%s')"
                        .formatted(privilege))) {
            return CheckFinding.passed(
                    id,
                    ErrorCode.PERMISSION_DENIED,
                    "user %s may create %s in database %s"
                            .formatted(database.user(), what, database.database()));
        }
        return CheckFinding.failed(
                id,
                ErrorCode.PERMISSION_DENIED,
                "user %s may not create %s in database %s of the %s"
                        .formatted(database.user(), what, database.database(), side),
                "On the %s: GRANT %s ON DATABASE %s TO %s;"
                        .formatted(
                                side,
                                privilege,
                                Identifiers.quote(database.database()),
                                Identifiers.quote(database.user())));
    }

    /** Nothing of this migration is on the target yet, so a schema of that name is another's. */
    private static List<CheckFinding> ledger(Databases databases) throws SQLException {
        return List.of(
                flag(
                                databases.target().connection(),
                                "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'godwit')")
                        ? CheckFinding.failed(
                                "target.ledger",
                                ErrorCode.LEDGER_FOREIGN,
                                "database %s of the target has a schema godwit already"
                                        .formatted(databases.target().database()),
                                "Finish or cancel the migration that it belongs to; if it is a leftover, on the target: DROP SCHEMA godwit CASCADE;")
                        : CheckFinding.passed(
                                "target.ledger",
                                ErrorCode.LEDGER_FOREIGN,
                                "no other migration works on this target database"));
    }

    private static boolean flag(Connection connection, String query) throws SQLException {
        return text(connection, query).equals("t");
    }

    private static long number(Connection connection, String query) throws SQLException {
        return Long.parseLong(text(connection, query));
    }

    private static String text(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }
}
