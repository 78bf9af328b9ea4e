// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.control.TestDatabases;
import dev.godwit.control.assessment.Assessment.Outcome;
import dev.godwit.control.cutover.TableRules;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Failure;
import dev.godwit.schemas.FindingResult;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.TableRule;
import dev.godwit.schemas.codec.RecordCodec;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@TestInstance(Lifecycle.PER_CLASS)
class MappingAssessmentIT {
    static {
        // Avro makes the records only after the codec has told it that they may be trusted.
        RecordCodec.ownSchemas();
    }

    private TestDatabases server;
    private String source = "";
    private String target = "";
    private int made;

    @BeforeAll
    void start() throws Exception {
        server = TestDatabases.start("logical");
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
    void writesAFilterAsTheServerDoesAndLeavesNothingBehind() throws SQLException {
        onBoth("CREATE TABLE t (at timestamptz PRIMARY KEY, n int)");

        Outcome outcome =
                check(where("public.t", "at < 'now' AND at > '2020-01-01' and at <> 'epoch'"));

        assertThat(outcome.failure()).isEmpty();
        String filter = outcome.tables().getFirst().getFilter();
        assertThat(filter)
                .contains("'2020-01-01 00:00:00+00'::timestamp with time zone")
                .doesNotContain("now");
        assertThat(server.value(source, "SELECT count(*) FROM pg_publication")).isEqualTo("0");
    }

    @Test
    void refusesAFilterThatTheServerRefuses() throws SQLException {
        onBoth(
                "CREATE TYPE mood AS ENUM ('a')",
                "CREATE TABLE t (id int PRIMARY KEY, at timestamptz, m mood)",
                "ALTER TABLE t REPLICA IDENTITY FULL",
                "CREATE FUNCTION always(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true'");

        for (String filter :
                List.of(
                        "id >",
                        "nowhere = 1",
                        "id",
                        "at > now()",
                        "random() < 0.5",
                        "public.always(id)",
                        "m = 'a'",
                        "id IN (SELECT 1)",
                        "ctid > '(0,0)'")) {
            Outcome outcome = check(where("public.t", filter));
            assertFailed(outcome, ErrorCode.FILTER_REFUSED, "public.t");
            assertThat(
                            outcome.findings().stream()
                                    .filter(f -> f.getId().equals("source.row-filters")))
                    .as(filter)
                    .hasSize(1);
        }
        assertThat(check(where("public.t", "m IS NOT NULL OR id > 3")).failure()).isPresent();
        assertThat(check(where("public.t", "id > 3 OR at IS NULL")).failure()).isEmpty();
    }

    @Test
    void refusesAFilterThatTheReplicaIdentityCannotTell() throws SQLException {
        onBoth(
                "CREATE TABLE plain (id int, region text, n int, PRIMARY KEY (id, region))",
                "CREATE TABLE wide (id int, region text, note text, PRIMARY KEY (id, region))",
                "CREATE TABLE narrow (id int PRIMARY KEY, n int)");

        assertThat(check(where("public.plain", "region = 'eu'")).failure()).isEmpty();
        assertFailed(check(where("public.narrow", "n > 1")), ErrorCode.FILTER_REFUSED, "column n");
        assertFailed(
                check(where("public.wide", "region = 'eu'")),
                ErrorCode.FILTER_REFUSED,
                "large values of column note");
        assertThat(
                        check(
                                        TableRules.read(
                                                "m",
                                                "public.wide",
                                                null,
                                                "region = 'eu'",
                                                List.of("id", "region")))
                                .failure())
                .isEmpty();
        server.run(source, "ALTER TABLE public.wide REPLICA IDENTITY FULL");
        assertThat(check(where("public.wide", "region = 'eu'")).failure()).isEmpty();
    }

    @Test
    void warnsOfForeignKeysToAFilteredTable() throws SQLException {
        onBoth(
                "CREATE TABLE whole (id int PRIMARY KEY)",
                "CREATE TABLE part (id int PRIMARY KEY, of int REFERENCES whole)");

        Outcome outcome = check(where("public.whole", "id > 1"));

        assertThat(outcome.failure()).isEmpty();
        assertThat(outcome.findings())
                .anySatisfy(finding -> {
                    assertThat(finding.getResult()).isEqualTo(FindingResult.WARNING);
                    assertThat(finding.getWhat()).contains("part_of_fkey", "public.whole");
                });
    }

    @Test
    void mapsSchemasTablesPartitionsAndTypes() throws SQLException {
        server.run(
                source,
                "CREATE SCHEMA a",
                "CREATE TYPE a.mood AS ENUM ('x')",
                "CREATE TABLE a.t (id int PRIMARY KEY, m a.mood[])",
                "CREATE TABLE a.p (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE TABLE a.p1 PARTITION OF a.p FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE a.p2 PARTITION OF a.p FOR VALUES FROM (10) TO (20)",
                "CREATE TABLE public.q (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE TABLE public.q1 PARTITION OF public.q FOR VALUES FROM (0) TO (10)");
        server.run(
                target,
                "CREATE SCHEMA \"B.b\"",
                "CREATE TYPE \"B.b\".mood AS ENUM ('x')",
                "CREATE TABLE \"B.b\".t (id int PRIMARY KEY, m \"B.b\".mood[])",
                "CREATE TABLE \"B.b\".p (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE TABLE \"B.b\".p1 PARTITION OF \"B.b\".p FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE \"B.b\".p2 PARTITION OF \"B.b\".p FOR VALUES FROM (10) TO (20)",
                "CREATE TABLE public.whole (id int PRIMARY KEY)");

        Outcome outcome =
                check(
                        to("a.*", "\"B.b\".*"),
                        to("public.q", "public.whole"),
                        where("a.p", "id > 3"));

        assertThat(outcome.failure()).isEmpty();
        assertThat(outcome.tables().stream().map(MappingAssessmentIT::text))
                .containsExactlyInAnyOrder(
                        "a.t > B.b.t",
                        "a.p1 > B.b.p1 where (id > 3)",
                        "a.p2 > B.b.p2 where (id > 3)",
                        "public.q1 > public.whole");
        server.run(target, "DROP TABLE \"B.b\".p2");
        assertThat(
                        check(to("a.*", "\"B.b\".*"), to("public.q", "public.whole"))
                                .tables()
                                .stream()
                                .map(MappingAssessmentIT::text))
                .contains("a.p1 > B.b.p", "a.p2 > B.b.p");
    }

    @Test
    void namesTypesOfARenamedSchemaAsTheServerDoes() throws SQLException {
        server.run(
                source,
                "CREATE SCHEMA a",
                "CREATE TYPE a.mood AS ENUM ('x')",
                "CREATE TABLE a.t (id int PRIMARY KEY, m a.mood)",
                "CREATE SCHEMA \"select\"",
                "CREATE TYPE \"select\".mood AS ENUM ('x')",
                "CREATE TABLE \"select\".t (id int PRIMARY KEY, m \"select\".mood[])");
        server.run(
                target,
                "CREATE SCHEMA \"order\"",
                "CREATE TYPE \"order\".mood AS ENUM ('x')",
                "CREATE TABLE \"order\".t (id int PRIMARY KEY, m \"order\".mood)",
                "CREATE SCHEMA b",
                "CREATE TYPE b.mood AS ENUM ('x')",
                "CREATE TABLE b.t (id int PRIMARY KEY, m b.mood[])");

        assertThat(check(to("a.*", "order.*"), to("select.*", "b.*")).failure()).isEmpty();
    }

    @Test
    void refusesPartitionsOfOneTargetTableWithDifferentColumns() throws SQLException {
        server.run(
                source,
                "CREATE TABLE public.p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE public.p2 PARTITION OF public.p FOR VALUES FROM (10) TO (20)");
        server.run(target, "CREATE TABLE public.p (id int PRIMARY KEY, v text)");

        assertFailed(
                check(columns("public.p1", "id")),
                ErrorCode.MAPPING_INVALID,
                "partitions public.p1 and public.p2 go to target table public.p with different columns");
        assertThat(check(columns("public.p", "id")).failure()).isEmpty();
        assertThat(check(columns("public.p1", "v", "id")).failure()).isEmpty();
    }

    @Test
    void refusesMappingsThatCannotBeDone() throws SQLException {
        onBoth(
                "CREATE TABLE one (id int PRIMARY KEY, v text, g int GENERATED ALWAYS AS (id) STORED)",
                "CREATE TABLE two (id int PRIMARY KEY, v text)",
                "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)");

        assertFailed(
                check(to("public.none", "public.one")), ErrorCode.MAPPING_INVALID, "public.none");
        assertFailed(check(to("none.*", "public.*")), ErrorCode.MAPPING_INVALID, "none.*");
        assertFailed(
                check(to("public.one", "public.two")),
                ErrorCode.MAPPING_INVALID,
                "public.one, public.two all go to target table public.two");
        assertFailed(
                check(to("public.one", "public.p")),
                ErrorCode.MAPPING_INVALID,
                "target table public.p1 is a partition of target table public.p");
        assertFailed(
                check(columns("public.one", "id", "w")),
                ErrorCode.MAPPING_INVALID,
                "column w does not exist");
        assertFailed(
                check(columns("public.one", "id", "g")),
                ErrorCode.MAPPING_INVALID,
                "column g is generated");
        assertFailed(
                check(columns("public.one", "v")),
                ErrorCode.MAPPING_INVALID,
                "column id of its replica identity");
        assertThat(check(columns("public.one", "id")).failure()).isEmpty();
        assertThat(check(to("public.one", "public.two"), to("public.two", "public.one")).failure())
                .isEmpty();
        server.run(target, "ALTER TABLE public.two ALTER v SET NOT NULL");
        assertFailed(
                check(columns("public.two", "id")),
                ErrorCode.TARGET_COLUMNS_DIFFER,
                "v is not on the source");
    }

    private Outcome check(TableRule... rules) {
        return new Assessment(
                        server.settings(source),
                        server.settings(target),
                        List.of(),
                        Arrays.asList(rules),
                        2,
                        "check")
                .run();
    }

    private static TableRule where(String table, String condition) {
        return TableRules.read("m", table, null, condition, null);
    }

    private static TableRule to(String table, String target) {
        return TableRules.read("m", table, target, null, null);
    }

    private static TableRule columns(String table, String... columns) {
        return TableRules.read("m", table, null, null, List.of(columns));
    }

    private static String text(TableMapping mapping) {
        return TableName.of(mapping.getSource())
                + " > "
                + TableName.of(mapping.getTarget())
                + (mapping.getFilter() == null ? "" : " where " + mapping.getFilter());
    }

    private void onBoth(String... statements) throws SQLException {
        for (String database : List.of(source, target)) {
            var all = new java.util.ArrayList<String>();
            all.add("SET search_path = public");
            all.addAll(Arrays.asList(statements));
            server.run(database, all.toArray(String[]::new));
        }
    }

    private static void assertFailed(Outcome outcome, ErrorCode code, String named) {
        assertThat(outcome.failure()).as("nothing failed").isPresent();
        Failure failure = outcome.failure().get();
        assertThat(failure.getWhat()).contains(named);
        assertThat(failure.getCode()).isEqualTo(code.name());
        assertThat(failure.getRemedy()).isNotBlank();
    }
}
