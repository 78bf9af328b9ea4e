// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.control.TestDatabases;
import dev.godwit.control.assessment.Assessment.Outcome;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.Secret;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.Finding;
import dev.godwit.schemas.FindingResult;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@TestInstance(Lifecycle.PER_CLASS)
class AssessmentIT {
    private static final String ORDERS = "CREATE TABLE orders (id bigint PRIMARY KEY, note text)";

    private TestDatabases server;
    private String source = "";
    private String target = "";
    private int made;

    @BeforeAll
    void start() throws Exception {
        server = TestDatabases.start("logical");
        server.run(
                "postgres",
                "CREATE ROLE locked LOGIN PASSWORD 'right'",
                "CREATE ROLE barred LOGIN",
                "CREATE ROLE plain LOGIN",
                "CREATE ROLE mover LOGIN REPLICATION");
        server.admit(
                "host all locked 127.0.0.1/32 scram-sha-256\nhost all barred 127.0.0.1/32 reject");
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void twoDatabases() throws SQLException {
        made++;
        source = "source" + made;
        target = "target" + made;
        server.create(source);
        server.create(target);
    }

    @Test
    void passesWhatCanBeMigrated() throws SQLException {
        onBoth(
                "SET search_path = public",
                ORDERS,
                "CREATE TYPE mood AS ENUM ('a', 'b')",
                "CREATE TABLE moods (id int PRIMARY KEY, m mood, g int GENERATED ALWAYS AS (id * 2) STORED)");
        server.run(source, "INSERT INTO public.orders VALUES (1, 'x')");

        Outcome outcome = check();

        assertThat(outcome.failure()).isEmpty();
        assertThat(outcome.findings())
                .extracting(Finding::getResult)
                .containsOnly(FindingResult.PASSED);
        assertThat(outcome.tables())
                .extracting(mapping -> TableName.of(mapping.getTarget()).toString())
                .containsExactly("public.moods", "public.orders");
    }

    @Test
    void doesNotMindATemporaryTableOfAnotherSession() throws SQLException {
        onBoth("SET search_path = public", ORDERS);
        try (Connection another = server.settings(source).open("another");
                Statement statement = another.createStatement()) {
            statement.execute("CREATE TEMPORARY TABLE passing (line text)");
            statement.execute("CREATE TEMPORARY TABLE orders (line text)");

            Outcome outcome = check();

            assertThat(outcome.failure()).isEmpty();
            assertThat(outcome.tables())
                    .extracting(mapping -> TableName.of(mapping.getSource()).toString())
                    .containsExactly("public.orders");
        }
    }

    @Test
    void namesAWrongPassword() {
        assertFailed(
                check(server.settings(source, "locked", "wrong"), List.of()),
                ErrorCode.PASSWORD_WRONG,
                "locked");
        assertFailed(
                check(server.settings(source, "locked", ""), List.of()),
                ErrorCode.PASSWORD_WRONG,
                "locked");
    }

    @Test
    void namesARefusedAccess() {
        assertFailed(
                check(server.settings(source, "barred", ""), List.of()),
                ErrorCode.ACCESS_REFUSED,
                "barred");
    }

    @Test
    void namesAnUnknownHost() {
        var nowhere =
                new ConnectionSettings(
                        "nowhere.invalid",
                        5432,
                        source,
                        "postgres",
                        Secret.of(""),
                        "disable",
                        Map.of());

        assertFailed(check(nowhere, List.of()), ErrorCode.HOST_UNKNOWN, "nowhere.invalid");
    }

    @Test
    void namesAPortWhereNobodyListens() {
        var closed =
                new ConnectionSettings(
                        "127.0.0.1", 1, source, "postgres", Secret.of(""), "disable", Map.of());

        assertFailed(check(closed, List.of()), ErrorCode.SERVER_UNREACHABLE, "127.0.0.1:1");
    }

    @Test
    void namesAnUnknownDatabase() {
        assertFailed(
                check(server.settings("no such database"), List.of()),
                ErrorCode.DATABASE_UNKNOWN,
                "no such database");
    }

    @Test
    void reportsBothSidesAtOnce() {
        Outcome outcome =
                new Assessment(
                                server.settings("nothing"),
                                server.settings("nobody"),
                                List.of(),
                                List.of(),
                                2,
                                "check")
                        .run();

        assertThat(outcome.findings())
                .extracting(Finding::getId)
                .containsExactly("source.connection", "target.connection");
        assertThat(outcome.findings())
                .extracting(Finding::getResult)
                .containsOnly(FindingResult.FAILED);
    }

    @Test
    void refusesASourceThatWritesNoLogicalWal() throws Exception {
        try (TestDatabases replica = TestDatabases.start("replica")) {
            replica.run("postgres", "SET search_path = public", ORDERS);
            onBoth("SET search_path = public", ORDERS);

            assertFailed(
                    check(replica.settings("postgres"), List.of()), ErrorCode.WAL_LEVEL, "replica");
        }
    }

    @Test
    void refusesAUserWhoMayNotReplicate() throws SQLException {
        onBoth("SET search_path = public", ORDERS);
        server.run(
                source,
                "ALTER TABLE public.orders OWNER TO plain",
                "GRANT CREATE ON DATABASE " + source + " TO plain");

        Outcome outcome = check(server.settings(source, "plain", ""), List.of());

        assertFailed(outcome, ErrorCode.NO_REPLICATION_RIGHT, "plain");
        assertThat(remedies(outcome))
                .anySatisfy(
                        remedy -> assertThat(remedy).contains("ALTER ROLE \"plain\" REPLICATION;"));
    }

    @Test
    void refusesWhenNoSlotIsFree() throws SQLException {
        onBoth("SET search_path = public", ORDERS);
        server.run(
                "postgres",
                "SELECT pg_create_physical_replication_slot('s' || i) FROM generate_series(1, 3) i");
        try {
            assertFailed(
                    check(),
                    ErrorCode.NO_FREE_SLOT,
                    "max_replication_slots of the source is 4, 3 in use, 2 needed");
        } finally {
            server.run(
                    "postgres",
                    "SELECT pg_drop_replication_slot('s' || i) FROM generate_series(1, 3) i");
        }
    }

    @Test
    void refusesVersionsThatCannotWork() {
        assertThat(ServerChecks.versions(new ServerVersion(90624), new ServerVersion(180006)))
                .extracting(CheckFinding::code, CheckFinding::result)
                .contains(
                        org.assertj.core.groups.Tuple.tuple(
                                ErrorCode.SOURCE_TOO_OLD, FindingResult.FAILED));
        assertThat(ServerChecks.versions(new ServerVersion(150019), new ServerVersion(130023)))
                .extracting(CheckFinding::code, CheckFinding::result)
                .contains(
                        org.assertj.core.groups.Tuple.tuple(
                                ErrorCode.TARGET_OLDER, FindingResult.FAILED));
        assertThat(ServerChecks.versions(new ServerVersion(100023), new ServerVersion(100001)))
                .extracting(CheckFinding::result)
                .containsOnly(FindingResult.PASSED);
    }

    @Test
    void refusesATypeThatNoServerReads() throws SQLException {
        onBoth("CREATE TABLE public.trees (id int PRIMARY KEY, tree pg_node_tree)");

        assertFailed(
                check(), ErrorCode.TYPE_NOT_CARRIED, "column tree of source table public.trees");
    }

    @Test
    void refusesATargetTableThatIsMissing() throws SQLException {
        server.run(source, "SET search_path = public", ORDERS);

        assertFailed(check(), ErrorCode.TARGET_TABLE_MISSING, "public.orders");
    }

    @Test
    void refusesATargetTableThatHoldsRows() throws SQLException {
        onBoth("SET search_path = public", ORDERS);
        server.run(target, "INSERT INTO public.orders VALUES (1, 'mine')");

        Outcome outcome = check();

        assertFailed(outcome, ErrorCode.TARGET_TABLE_NOT_EMPTY, "public.orders");
        assertThat(remedies(outcome))
                .anySatisfy(
                        remedy -> assertThat(remedy).contains("TRUNCATE \"public\".\"orders\";"));
        assertThat(server.value(target, "SELECT count(*) FROM public.orders")).isEqualTo("1");
    }

    @Test
    void refusesColumnsThatDiffer() throws SQLException {
        server.run(
                source,
                "CREATE TABLE public.t (id int PRIMARY KEY, a numeric(8,2), b text, g int GENERATED ALWAYS AS (id + 1) STORED)");
        server.run(
                target,
                "CREATE TABLE public.t (id int PRIMARY KEY, a numeric(9,2), g int, extra int NOT NULL, fine int, filled int NOT NULL DEFAULT 3)");

        Outcome outcome = check();

        assertFailed(outcome, ErrorCode.TARGET_COLUMNS_DIFFER, "public.t");
        assertThat(outcome.failure().orElseThrow().getWhat())
                .contains(
                        "column a is numeric(9,2) instead of numeric(8,2)",
                        "column b (text) is missing",
                        "column g is generated on the source only",
                        "column extra is not on the source")
                .doesNotContain("fine", "filled");
    }

    @Test
    void refusesATableWithoutKeyAndSaysHowToGoOn() throws SQLException {
        onBoth("CREATE TABLE public.log (line text)", "CREATE TABLE public.whole (line text)");
        server.run(source, "ALTER TABLE public.whole REPLICA IDENTITY FULL");

        Outcome outcome = check();

        assertFailed(outcome, ErrorCode.TABLE_WITHOUT_KEY, "public.log has no primary key");
        assertThat(outcome.failure().orElseThrow().getRemedy())
                .contains("REPLICA IDENTITY FULL", "--tables '!public.log'");
        assertThat(check(server.settings(source), List.of("!public.log")).failure()).isEmpty();
    }

    @Test
    void refusesATableWhoseOnlyKeyIsDeferrable() throws SQLException {
        onBoth("CREATE TABLE public.seat (id int PRIMARY KEY DEFERRABLE)");

        assertFailed(
                check(),
                ErrorCode.TABLE_WITHOUT_KEY,
                "public.seat has no primary key, or only a deferrable one");
    }

    @Test
    void refusesOneTargetTableForPartitionsThatMayHoldTheSameKey() throws SQLException {
        server.run(
                source,
                "CREATE TABLE public.entry (day int, id int) PARTITION BY LIST (day)",
                "CREATE TABLE public.entry_1 PARTITION OF public.entry (PRIMARY KEY (id)) FOR VALUES IN (1)",
                "CREATE TABLE public.entry_2 PARTITION OF public.entry (PRIMARY KEY (day, id)) FOR VALUES IN (2)");
        server.run(target, "CREATE TABLE public.entry (day int, id int)");

        Outcome outcome = check();

        assertFailed(
                outcome,
                ErrorCode.TABLE_WITHOUT_KEY,
                "the key of source partition public.entry_1 is its own");
        assertThat(outcome.failure().orElseThrow().getWhat()).doesNotContain("entry_2");
        server.run(source, "ALTER TABLE public.entry_1 REPLICA IDENTITY FULL");
        assertThat(check().failure()).isEmpty();
    }

    @Test
    void refusesPartitionsOfTheTargetThatWouldShowOtherRows() throws SQLException {
        onBoth(
                "SET search_path = public",
                "CREATE TABLE entry (day int, id int, PRIMARY KEY (day, id)) PARTITION BY LIST (day)",
                "CREATE TABLE entry_1 PARTITION OF entry FOR VALUES IN (1)",
                "CREATE TABLE late PARTITION OF entry FOR VALUES IN (2) PARTITION BY LIST (id)",
                "CREATE TABLE late_2 PARTITION OF late DEFAULT",
                "CREATE TABLE loose (day int, id int, PRIMARY KEY (day, id))");
        server.run(
                target,
                "CREATE TABLE public.rest PARTITION OF public.entry DEFAULT",
                "CREATE TABLE public.entry_9 PARTITION OF public.entry FOR VALUES IN (9)");
        assertThat(check().failure()).isEmpty();

        server.run(target, "INSERT INTO public.entry VALUES (9, 9)");
        assertMended(
                "partition public.entry_9 of the target's table public.entry holds rows",
                "ALTER TABLE \"public\".\"entry\" DETACH PARTITION \"public\".\"entry_9\";");
        server.run(target, "ALTER TABLE public.entry DETACH PARTITION public.entry_1");
        assertMended(
                "table public.entry_1 of the source is a partition of public.entry",
                "ALTER TABLE \"public\".\"entry\" ATTACH PARTITION \"public\".\"entry_1\" FOR VALUES IN (1);");
        server.run(source, "ALTER TABLE public.entry DETACH PARTITION public.late");
        assertMended(
                "table public.late of the target is a partition of public.entry",
                "ALTER TABLE \"public\".\"entry\" DETACH PARTITION \"public\".\"late\";");
        server.run(
                target, "ALTER TABLE public.entry ATTACH PARTITION public.loose FOR VALUES IN (3)");
        assertMended(
                "table public.loose of the target is a partition of public.entry",
                "ALTER TABLE \"public\".\"entry\" DETACH PARTITION \"public\".\"loose\";");
        server.run(target, "INSERT INTO public.entry VALUES (9, 9)");
        server.run(source, "DROP TABLE public.entry");
        assertThat(check().failure()).as("unselected").isEmpty();
    }

    @Test
    void aPartitionBelowTheTargetsOfALeafIsNoSurplus() throws SQLException {
        onBoth(
                "CREATE TABLE public.entry (day int, id int, PRIMARY KEY (day, id)) PARTITION BY LIST (day)");
        server.run(
                source, "CREATE TABLE public.entry_1 PARTITION OF public.entry FOR VALUES IN (1)");
        server.run(
                target,
                "CREATE TABLE public.entry_1 PARTITION OF public.entry FOR VALUES IN (1) PARTITION BY LIST (id)",
                "CREATE TABLE public.entry_1a PARTITION OF public.entry_1 DEFAULT");
        assertThat(check().failure()).isEmpty();

        server.run(target, "INSERT INTO public.entry VALUES (1, 1)");

        assertThat(check().findings())
                .filteredOn(finding -> finding.getResult() == FindingResult.FAILED)
                .extracting(Finding::getId)
                .hasSize(1)
                .doesNotContain("target.partition-trees");
    }

    /** The remedy's statement is all that is needed. */
    private void assertMended(String what, String statement) throws SQLException {
        Failure failure = check().failure().orElseThrow();
        assertThat(failure.getCode()).isEqualTo(ErrorCode.TARGET_PARTITIONS_DIFFER.name());
        assertThat(failure.getWhat()).startsWith(what).doesNotContain("more)");
        assertThat(failure.getRemedy()).contains(statement);
        server.run(target, statement);
        assertThat(check().failure()).isEmpty();
    }

    @Test
    void refusesAnIdentityThatPostgreSQL18WouldNotPublish() throws SQLException {
        onBoth("CREATE TABLE public.t (id int, g int GENERATED ALWAYS AS (id + 1) STORED)");
        server.run(source, "ALTER TABLE public.t REPLICA IDENTITY FULL");

        assertFailed(check(), ErrorCode.GENERATED_COLUMN_IDENTITY, "public.t");
    }

    @Test
    void refusesUnloggedTables() throws SQLException {
        server.run(
                source,
                "CREATE TABLE public.a (id int PRIMARY KEY)",
                "CREATE UNLOGGED TABLE public.b (id int PRIMARY KEY)");
        server.run(
                target,
                "CREATE UNLOGGED TABLE public.a (id int PRIMARY KEY)",
                "CREATE TABLE public.b (id int PRIMARY KEY)");

        assertFailed(
                check(server.settings(source), List.of("public.a")),
                ErrorCode.UNLOGGED_TARGET,
                "public.a");
        assertFailed(
                check(server.settings(source), List.of("public.b")),
                ErrorCode.UNLOGGED_SOURCE,
                "public.b");
    }

    @Test
    void refusesWhatTheUserMayNotDo() throws SQLException {
        onBoth("SET search_path = public", ORDERS);

        Outcome outcome = check(server.settings(source, "mover", ""), List.of());

        assertFailed(outcome, ErrorCode.PERMISSION_DENIED, "mover");
        assertThat(outcome.findings())
                .filteredOn(finding -> finding.getResult() == FindingResult.FAILED)
                .extracting(Finding::getId)
                .containsExactly("source.create-right", "source.table-rights");
        assertThat(remedies(outcome))
                .anySatisfy(remedy ->
                        assertThat(remedy)
                                .contains("GRANT SELECT ON \"public\".\"orders\" TO \"mover\""));
    }

    @Test
    void refusesATargetUserWhoMayMakeNeitherSchemaNorTemporaryTables() throws SQLException {
        onBoth("SET search_path = public", ORDERS);
        server.run(
                target,
                "ALTER TABLE public.orders OWNER TO mover",
                "REVOKE TEMPORARY ON DATABASE " + target + " FROM PUBLIC");

        Outcome outcome =
                new Assessment(
                                server.settings(source),
                                server.settings(target, "mover", ""),
                                List.of(),
                                List.of(),
                                2,
                                "check")
                        .run();

        assertThat(outcome.findings())
                .filteredOn(finding -> finding.getResult() == FindingResult.FAILED)
                .extracting(Finding::getId)
                .containsExactly("target.create-right", "target.temporary-right");
        assertThat(remedies(outcome))
                .anySatisfy(remedy ->
                        assertThat(remedy)
                                .contains("GRANT TEMPORARY ON DATABASE \"" + target + "\" TO"));
    }

    @Test
    void refusesTablesWhoseRowsAreHiddenFromTheUser() throws SQLException {
        onBoth("SET search_path = public", ORDERS);
        server.run(
                source,
                "ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE public.orders FORCE ROW LEVEL SECURITY",
                "ALTER TABLE public.orders OWNER TO mover",
                "GRANT CREATE ON DATABASE " + source + " TO mover");

        assertFailed(
                check(server.settings(source, "mover", ""), List.of()),
                ErrorCode.PERMISSION_DENIED,
                "row security");
    }

    @Test
    void refusesATargetThatAnotherMigrationWorksOn() throws SQLException {
        onBoth("SET search_path = public", ORDERS);
        server.run(target, "CREATE SCHEMA godwit");

        assertFailed(check(), ErrorCode.LEDGER_FOREIGN, target);
    }

    @Test
    void refusesAnEncodingThatCannotHoldTheSources() throws SQLException {
        server.run(
                "postgres",
                "CREATE DATABASE "
                        + target
                        + "_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
        server.run(source, "SET search_path = public", ORDERS);
        server.run(target + "_latin", "SET search_path = public", ORDERS);

        Outcome outcome =
                new Assessment(
                                server.settings(source),
                                server.settings(target + "_latin"),
                                List.of(),
                                List.of(),
                                2,
                                "check")
                        .run();

        assertFailed(outcome, ErrorCode.ENCODING_DIFFERS, "LATIN1");
    }

    @Test
    void refusesToMigrateNothing() throws SQLException {
        assertFailed(check(), ErrorCode.NOTHING_SELECTED, source);
        onBoth("SET search_path = public", ORDERS);
        assertFailed(
                check(server.settings(source), List.of("public.orders", "public.nothing")),
                ErrorCode.NOTHING_SELECTED,
                "public.nothing");
    }

    @Test
    void warnsOfPreparedTransactions() throws SQLException {
        onBoth("SET search_path = public", ORDERS);
        server.run(
                source,
                "BEGIN",
                "INSERT INTO public.orders VALUES (1, 'x')",
                "PREPARE TRANSACTION 'gid 1'");
        try {
            Outcome outcome = check();

            assertThat(outcome.failure()).isEmpty();
            assertThat(outcome.findings())
                    .filteredOn(finding -> finding.getResult() == FindingResult.WARNING)
                    .extracting(Finding::getId)
                    .containsExactly("source.prepared-transactions");
            assertThat(PreparedTransactions.of(server.settings(source), "gate"))
                    .containsExactly("gid 1");
            assertThat(PreparedTransactions.of(server.settings(target), "gate")).isEmpty();
        } finally {
            server.run(source, "ROLLBACK PREPARED 'gid 1'");
        }
    }

    @Test
    void takesHostileNames() throws SQLException {
        String hostile = "Ünïcode \"quoted\" it's; DROP TABLE x -- \\ %s ";
        String database =
                hostile
                        + "d"
                                .repeat(
                                        63
                                                - hostile.getBytes(
                                                                java.nio.charset.StandardCharsets
                                                                        .UTF_8)
                                                        .length);
        server.create(database);
        String table = dev.godwit.postgres.Identifiers.quote(hostile);
        for (String on : new String[] {database, target}) {
            server.run(
                    on,
                    "CREATE SCHEMA " + table,
                    "CREATE TABLE %s.%s (%s int PRIMARY KEY)".formatted(table, table, table));
        }

        Outcome outcome = check(server.settings(database), List.of());

        assertThat(outcome.failure()).isEmpty();
        assertThat(outcome.tables())
                .extracting(mapping -> mapping.getSource().getName())
                .containsExactly(hostile);
    }

    private Outcome check() {
        return check(server.settings(source), List.of());
    }

    private Outcome check(ConnectionSettings from, List<String> patterns) {
        return new Assessment(from, server.settings(target), patterns, List.of(), 2, "check").run();
    }

    private void onBoth(String... statements) throws SQLException {
        server.run(source, statements);
        server.run(target, statements);
    }

    private static void assertFailed(Outcome outcome, ErrorCode code, String named) {
        assertThat(outcome.failure()).isPresent();
        Failure failure = outcome.failure().get();
        assertThat(failure.getCode()).isEqualTo(code.name());
        assertThat(failure.getWhat()).contains(named);
        assertThat(failure.getRemedy()).isNotBlank();
    }

    private static List<String> remedies(Outcome outcome) {
        return outcome.findings().stream().map(Finding::getRemedy).toList();
    }
}
