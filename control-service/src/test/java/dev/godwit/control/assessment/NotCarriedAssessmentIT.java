// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.control.TestDatabases;
import dev.godwit.control.assessment.Assessment.Outcome;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Finding;
import dev.godwit.schemas.FindingResult;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** What does not travel, or only in part, is said before the start, with what to do. */
@TestInstance(Lifecycle.PER_CLASS)
class NotCarriedAssessmentIT {
    private TestDatabases server;
    private String source = "";
    private String target = "";
    private int made;

    @BeforeAll
    void start() throws Exception {
        server = TestDatabases.start("logical");
        server.run(
                "postgres",
                "CREATE ROLE clerk",
                "CREATE ROLE porter",
                "CREATE ROLE mover LOGIN REPLICATION");
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void twoDatabases() throws SQLException {
        made++;
        source = "from" + made;
        target = "to" + made;
        for (String database : List.of(source, target)) {
            server.create(database);
            server.run(
                    database,
                    "CREATE TABLE public.orders (id bigint PRIMARY KEY)",
                    "ALTER TABLE public.orders OWNER TO mover",
                    "GRANT ALL ON DATABASE " + database + " TO mover");
        }
    }

    @Test
    void saysThatLargeObjectsAreCopiedByTheLoadAlone() throws SQLException {
        assertThat(check(List.of()).largeObjects()).isFalse();
        server.run(source, "SELECT lo_create(5)", "SELECT lo_create(6)");

        Outcome outcome = check(List.of());

        assertThat(outcome.failure()).isEmpty();
        assertThat(outcome.largeObjects()).isTrue();
        Finding warning = only(outcome, FindingResult.WARNING);
        assertThat(warning.getId()).isEqualTo("source.large-objects");
        assertThat(warning.getWhat())
                .startsWith("2 large objects of the source are copied by the load");
        assertThat(warning.getRemedy()).contains("--tables '!pg_catalog.pg_largeobject'");
    }

    @Test
    void leavesLargeObjectsOutWithTheSelection() throws SQLException {
        server.run(source, "SELECT lo_create(5)");
        server.run(target, "SELECT lo_create(5)");

        for (String patterns : List.of("public.*", "!pg_catalog.pg_largeobject")) {
            Outcome outcome = check(List.of(patterns));

            assertThat(outcome.failure()).isEmpty();
            assertThat(outcome.largeObjects()).isFalse();
            assertThat(only(outcome, FindingResult.WARNING).getWhat())
                    .startsWith("1 large objects of the source do not travel");
        }
        assertThat(check(List.of("public.*", "pg_catalog.pg_largeobject")).largeObjects()).isTrue();
    }

    @Test
    void refusesATargetThatHoldsLargeObjects() throws SQLException {
        server.run(source, "SELECT lo_create(5)");
        server.run(target, "SELECT lo_create(7)");

        Finding failed = only(check(List.of()), FindingResult.FAILED);

        assertThat(failed.getId()).isEqualTo("target.large-objects");
        assertThat(failed.getWhat()).isEqualTo("the target holds 1 large objects");
        String statement = failed.getRemedy().replaceFirst(".*?: (SELECT [^;]*);.*", "$1");
        server.run(target, "SET search_path = public", statement);
        assertThat(check(List.of()).failure()).isEmpty();
    }

    @Test
    void refusesLargeObjectsThatTheUserMayNotRead() throws SQLException {
        server.run(
                source,
                "SET ROLE clerk",
                "SELECT lo_create(5)",
                "SET ROLE porter",
                "SELECT lo_create(6)",
                "GRANT SELECT ON LARGE OBJECT 6 TO PUBLIC",
                "SET ROLE mover",
                "SELECT lo_create(7)");

        Finding failed = only(checkAsMover(), FindingResult.FAILED);

        assertThat(failed.getId()).isEqualTo("source.large-object-rights");
        assertThat(failed.getWhat())
                .isEqualTo(
                        "user mover may not read large objects of the source that belong to clerk");
        assertThat(failed.getRemedy()).contains("On the source: GRANT \"clerk\" TO \"mover\";");
        server.run("postgres", "GRANT clerk TO mover");
        try {
            Outcome outcome = checkAsMover();
            assertThat(outcome.failure()).isEmpty();
            assertThat(outcome.findings())
                    .filteredOn(finding -> finding.getId().equals("target.large-object-owners"))
                    .singleElement()
                    .satisfies(owners -> {
                        assertThat(owners.getWhat())
                                .isEqualTo(
                                        "large objects of porter will belong to user mover on the target, who may not act as their owner");
                        assertThat(owners.getRemedy())
                                .isEqualTo("On the target: GRANT \"porter\" TO \"mover\";");
                    });
        } finally {
            server.run("postgres", "REVOKE clerk FROM mover");
        }
    }

    @Test
    void namesWhatIsNotCarriedWithWhatToDo() throws SQLException {
        server.run(
                source,
                "CREATE FOREIGN DATA WRAPPER nowhere",
                "CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere",
                "CREATE FOREIGN TABLE public.far (id int) SERVER nowhere",
                "CREATE FUNCTION public.seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
                "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.seen()",
                "CREATE PUBLICATION news FOR TABLE public.orders",
                "CREATE SUBSCRIPTION papers CONNECTION 'host=127.0.0.1 port=1' PUBLICATION news WITH (connect = false)",
                "SELECT pg_replication_origin_create('elsewhere')",
                "UPDATE pg_extension SET extconfig = ARRAY['public.orders'::regclass::oid], extcondition = ARRAY[''] WHERE extname = 'plpgsql'",
                "INSERT INTO pg_seclabel VALUES ('public.orders'::regclass, 'pg_class'::regclass, 0, 'dummy', 'secret')");
        try {
            Outcome outcome = check(List.of());

            assertThat(outcome.failure()).isEmpty();
            assertThat(outcome.findings())
                    .filteredOn(finding -> finding.getResult() == FindingResult.WARNING)
                    .allSatisfy(finding -> assertThat(finding.getRemedy()).isNotBlank())
                    .extracting(Finding::getId, Finding::getWhat)
                    .containsExactly(
                            said("foreign-tables", "foreign tables", "public.far"),
                            said(
                                    "extension-settings",
                                    "extensions that keep rows of this database in tables of their own",
                                    "plpgsql"),
                            said("event-triggers", "event triggers", "watch"),
                            said("publications", "publications", "news"),
                            said("subscriptions", "subscriptions", "papers"),
                            said(
                                    "replication-origins",
                                    "replication origins of the server",
                                    "elsewhere"),
                            said("security-labels", "security labels", "dummy secret"));
        } finally {
            server.run(
                    source,
                    "SELECT pg_replication_origin_drop('elsewhere')",
                    "ALTER SUBSCRIPTION papers SET (slot_name = NONE)",
                    "DROP SUBSCRIPTION papers");
        }
    }

    @Test
    void saysThatTheRowsOfAForeignPartitionStayBehind() throws SQLException {
        for (String database : List.of(source, target)) {
            server.run(
                    database,
                    "CREATE TABLE public.log (day int, id int) PARTITION BY LIST (day)",
                    "CREATE TABLE public.log_1 PARTITION OF public.log (PRIMARY KEY (day, id)) FOR VALUES IN (1)");
        }
        server.run(
                source,
                "CREATE FOREIGN DATA WRAPPER nowhere",
                "CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere",
                "CREATE FOREIGN TABLE public.far PARTITION OF public.log FOR VALUES IN (2) SERVER nowhere");

        Outcome outcome = check(List.of());

        assertThat(outcome.failure()).isEmpty();
        assertThat(outcome.tables())
                .extracting(mapping -> TableName.of(mapping.getSource()).toString())
                .containsExactly("public.log_1", "public.orders");
        Finding warning = only(outcome, FindingResult.WARNING);
        assertThat(warning.getWhat())
                .isEqualTo(
                        "foreign tables are not carried, and the source has 1: public.far (a partition of public.log)");
        assertThat(warning.getRemedy()).contains("attach those that are partitions");
    }

    private static org.assertj.core.groups.Tuple said(String id, String kind, String name) {
        return org.assertj.core.groups.Tuple.tuple(
                "source." + id,
                "%s are not carried, and the source has 1: %s".formatted(kind, name));
    }

    private Outcome check(List<String> patterns) {
        return check(server.settings(source), server.settings(target), patterns);
    }

    private Outcome checkAsMover() {
        return check(
                server.settings(source, "mover", ""),
                server.settings(target, "mover", ""),
                List.of());
    }

    private static Outcome check(
            ConnectionSettings from, ConnectionSettings to, List<String> patterns) {
        return new Assessment(from, to, patterns, List.of(), 2, "check").run();
    }

    private static Finding only(Outcome outcome, FindingResult result) {
        List<Finding> found =
                outcome.findings().stream()
                        .filter(finding -> finding.getResult() == result)
                        .toList();
        assertThat(found).hasSize(1);
        return found.getFirst();
    }
}
