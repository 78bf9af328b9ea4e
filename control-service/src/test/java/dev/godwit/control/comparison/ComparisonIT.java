// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.godwit.control.TestDatabases;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.TableMapping;
import dev.godwit.schemas.TableReport;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@TestInstance(Lifecycle.PER_CLASS)
class ComparisonIT {
    private TestDatabases server;

    @BeforeAll
    void start() throws Exception {
        server = TestDatabases.start("replica");
        server.create("src");
        server.create("dst");
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @Test
    void noticesOneChangedOneMissingAndOneExtraRow() throws Exception {
        for (String name : new String[] {"same", "changed", "missing", "extra", "swapped"}) {
            onBoth("CREATE TABLE public.%s (id int PRIMARY KEY, v text)".formatted(name));
            onBoth(
                    "INSERT INTO public.%s SELECT i, 'v' || i FROM generate_series(1, 1000) i"
                            .formatted(name));
        }
        server.run(
                "dst",
                "UPDATE public.changed SET v = 'V500' WHERE id = 500",
                "DELETE FROM public.missing WHERE id = 500",
                "INSERT INTO public.extra VALUES (1001, 'x')",
                "UPDATE public.swapped SET v = CASE id WHEN 1 THEN 'v2' ELSE 'v1' END WHERE id IN (1, 2)",
                "UPDATE public.same SET v = v");

        List<TableReport> reports = compare("same", "changed", "missing", "extra", "swapped");

        assertThat(reports)
                .extracting(report ->
                        report.getTarget().getName()
                                + " "
                                + report.getSourceRows()
                                + " "
                                + report.getTargetRows()
                                + " "
                                + report.getEqual())
                .containsExactlyInAnyOrder(
                        "same 1000 1000 true",
                        "changed 1000 1000 false",
                        "missing 1000 999 false",
                        "extra 1000 1001 false",
                        "swapped 1000 1000 false");
    }

    @ParameterizedTest
    @EnumSource
    void hashesTellOneChangedRowAndTwoSwappedValues(RowHash hash) throws Exception {
        String table = "public.hashed_" + hash;
        onBoth(
                "CREATE TABLE %s (id int, v text)".formatted(table),
                "INSERT INTO %s SELECT i, 'v' || i FROM generate_series(1, 1000) i"
                        .formatted(table));
        Digest before = digest("dst", table, hash);
        assertThat(before).isEqualTo(digest("src", table, hash));
        assertThat(before.rows()).isEqualTo(1000);
        assertThat(before.high()).isNotEqualTo(before.low());

        server.run("dst", "UPDATE %s SET v = 'v2' WHERE id = 1".formatted(table));
        assertThat(digest("dst", table, hash)).isNotEqualTo(before);
        server.run("dst", "UPDATE %s SET v = 'v1' WHERE id = 2".formatted(table));
        assertThat(digest("dst", table, hash)).isNotEqualTo(before);
    }

    private Digest digest(String database, String table, RowHash hash) throws Exception {
        try (Connection connection = server.settings(database).open("compare");
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(hash.query("ROW(id, v)::pg_catalog.text", table))) {
            row.next();
            return Digest.of(row);
        }
    }

    @Test
    void tellsNullFromEmptyAndCountsDuplicates() throws Exception {
        onBoth(
                "CREATE TABLE public.n (a text, b text)",
                "CREATE TABLE public.d (a text)",
                "CREATE TABLE public.q (a text, b text)");
        server.run(
                "src",
                "INSERT INTO public.n VALUES (NULL, '')",
                "INSERT INTO public.d VALUES ('x'), ('x')",
                "INSERT INTO public.q VALUES ('a,b', 'c')");
        server.run(
                "dst",
                "INSERT INTO public.n VALUES ('', NULL)",
                "INSERT INTO public.d VALUES ('x'), ('y')",
                "INSERT INTO public.q VALUES ('a', 'b,c')");

        assertThat(compare("n", "d", "q")).extracting(TableReport::getEqual).containsOnly(false);
    }

    @Test
    void takesTypesWithoutEquality() throws Exception {
        onBoth(
                "CREATE TABLE public.types (j json, x xml, p point, b box, f float8, n numeric, a text[], i interval, t timestamptz, y bytea)",
                """
                INSERT INTO public.types VALUES ('{"a" : 1}', '<a>b</a>', '(1.1,2)', '(1,1),(0,0)', '-0', 'NaN', '{a,NULL,"x,y"}', '1 mon -3 days', 'infinity', '\\x00ff'),
                    (NULL, NULL, NULL, NULL, 'NaN', 1.10, '{}', '0', '0044-03-15 00:00:00+00 BC', '')\
                """);
        assertThat(compare("types")).extracting(TableReport::getEqual).containsExactly(true);

        server.run("dst", "UPDATE public.types SET n = 1.1 WHERE n = 1.10");
        assertThat(compare("types")).extracting(TableReport::getEqual).containsExactly(false);
    }

    @Test
    void floatsAsBytesTellValuesThatPrintAlikeAndNothingElse() throws Exception {
        server.run(
                "src",
                "CREATE DOMAIN public.measures AS float8[]",
                "CREATE TABLE public.floats (id int, f float8, g float4, p point, s lseg, h path, b box, y polygon, l line, c circle, a float8[], m public.measures, r float4[], q polygon[])",
                """
                INSERT INTO public.floats VALUES
                    (1, 'NaN', 'NaN', '(NaN,1)', '((1,NaN),(NaN,3))', '[(1,2),(NaN,3)]', '((NaN,2),(3,4))', '((NaN,NaN),(3,Infinity))', '{1,2,NaN}', '<(NaN,2),3>',
                     '[2:4]={1,2,NaN}', '{1}', '{{1,2},{3,NaN}}', ARRAY[NULL, '((NaN,1),(3,2))'::polygon])\
                """);
        List<String> before = floatsOf("floats");

        // Other bytes of the same values, by a sign of NaN and by nulls that are gone.
        server.run(
                "src",
                "UPDATE public.floats SET f = 'Infinity'::float8 - 'Infinity', g = 'Infinity'::float4 - 'Infinity'",
                "UPDATE public.floats SET p = point(f, 1), s = lseg(point(1, f), point(f, 3))",
                "UPDATE public.floats SET a[2] = NULL, m[1] = NULL, r[1][1] = NULL",
                "UPDATE public.floats SET a[2] = 1, a[4] = f, m[1] = 1, r[1][1] = 1, r[2][2] = g");
        assertThat(
                        server.value(
                                "src",
                                "SELECT float8send(f) = float8send('NaN') OR array_send(a) = array_send('[2:4]={1,2,NaN}'::float8[]) FROM public.floats"))
                .isEqualTo("f");
        assertThat(floatsOf("floats")).isEqualTo(before);

        // Other values, most of which print alike where floats are rounded.
        for (String change :
                List.of(
                        "f = 0.1",
                        "f = 0.1::float8 + 1e-17 * 3",
                        "f = '-Infinity'",
                        "f = NULL",
                        "f = -0.0::float8",
                        "f = 0.0::float8",
                        "g = 'Infinity'",
                        "p = '(1,NaN)'",
                        "s = '((NaN,1),(NaN,3))'",
                        "h = '((1,2),(NaN,3))'",
                        "h = '[(1,2),(3,NaN)]'",
                        "h = NULL",
                        "y = '((NaN,NaN),(3,-Infinity))'",
                        "l = '{1,NaN,2}'",
                        "c = '<(2,NaN),3>'",
                        "a = '{1,2,NaN}'",
                        "a = '[2:4]={1,2,3}'",
                        "a = '[2:4]={1,NULL,NaN}'",
                        "a = '{}'",
                        "a = NULL",
                        "r = '{1,2,3,NaN}'",
                        "q = ARRAY['((NaN,1),(3,2))'::polygon, NULL]")) {
            server.run("src", "UPDATE public.floats SET " + change);
            List<String> after = floatsOf("floats");
            assertThat(after).as(change).isNotEqualTo(before);
            before = after;
        }
    }

    /** As they are compared where one server is older than 12. */
    private List<String> floatsOf(String table) throws Exception {
        try (Connection connection = server.settings("src").open("compare");
                Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            String row =
                    ColumnText.ofRow(
                            Snapshot.carriedColumns(
                                    connection,
                                    ConnectionSettings.version(connection),
                                    new TableName("public", table)),
                            true);
            var texts = new ArrayList<String>();
            try (ResultSet rows =
                    statement.executeQuery("SELECT " + row + " FROM public." + table)) {
                while (rows.next()) {
                    texts.add(rows.getString(1));
                }
            }
            return texts;
        }
    }

    @Test
    void joinsPartitionsThatGoToOneTable() throws Exception {
        server.run(
                "src",
                "CREATE TABLE public.pay (id int, d int) PARTITION BY RANGE (d)",
                "CREATE TABLE public.pay_1 (d int, id int)",
                "ALTER TABLE public.pay ATTACH PARTITION public.pay_1 FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE public.pay_2 PARTITION OF public.pay FOR VALUES FROM (10) TO (20)",
                "INSERT INTO public.pay SELECT i, i FROM generate_series(0, 19) i");
        server.run(
                "dst",
                "CREATE TABLE public.pay (id int, d int)",
                "INSERT INTO public.pay SELECT i, i FROM generate_series(0, 19) i");
        var tables = List.of(mapping("pay_1", "pay"), mapping("pay_2", "pay"));

        assertThat(comparison().run(tables))
                .containsExactly(new TableReport(name("pay"), name("pay"), 20L, 20L, true));
    }

    @Test
    void aTableThatIsGoneIsNamedWithItsSide() throws Exception {
        server.run(
                "src", "CREATE TABLE public.here (id int)", "CREATE TABLE public.there (id int)");
        server.run("dst", "CREATE TABLE public.there (id int)");

        refused("gone", "the source ");
        refused("here", "the target ");
    }

    private void refused(String table, String side) {
        assertThatThrownBy(() -> compare("there", table))
                .isInstanceOfSatisfying(
                        MigrationException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.COMPARISON_REFUSED);
                            assertThat(e.what())
                                    .startsWith(side)
                                    .contains("\"public." + table + "\" does not exist");
                        });
    }

    @Test
    void takesHostileNamesAndLeavesGeneratedColumnsOut() throws Exception {
        String hostile = "it's \"x\" %s ";
        String quoted = dev.godwit.postgres.Identifiers.quote(hostile);
        server.run(
                "src",
                "CREATE TABLE public.%s (%s int, g int GENERATED ALWAYS AS (1) STORED)"
                        .formatted(quoted, quoted),
                "INSERT INTO public.%s VALUES (1)".formatted(quoted));
        server.run(
                "dst",
                "CREATE TABLE public.%s (%s int, g int GENERATED ALWAYS AS (2) STORED)"
                        .formatted(quoted, quoted),
                "INSERT INTO public.%s VALUES (1)".formatted(quoted));

        assertThat(comparison().run(List.of(mapping(hostile, hostile))))
                .extracting(TableReport::getEqual)
                .containsExactly(true);
    }

    private List<TableReport> compare(String... names) throws InterruptedException {
        var tables = new ArrayList<TableMapping>();
        for (String name : names) {
            tables.add(mapping(name, name));
        }
        return comparison().run(tables);
    }

    private Comparison comparison() {
        return new Comparison(server.settings("src"), server.settings("dst"), "compare");
    }

    private static TableMapping mapping(String from, String to) {
        return TableMapping.newBuilder().setSource(name(from)).setTarget(name(to)).build();
    }

    private static dev.godwit.schemas.QualifiedName name(String table) {
        return new TableName("public", table).toAvro();
    }

    private void onBoth(String... statements) throws Exception {
        server.run("src", statements);
        server.run("dst", statements);
    }
}
