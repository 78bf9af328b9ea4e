// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Every type arrives byte for byte in text form: loaded, inserted, updated, deleted; with a key of
 * that type, without one.
 */
@MigrationTest
class TypesIT {
    private static final Map<String, List<String>> VALUES =
            new TreeMap<>(
                    Map.ofEntries(
                            Map.entry("bool", List.of("t", "f")),
                            Map.entry("smallint", List.of("-32768", "0", "32767")),
                            Map.entry(
                                    "bigint",
                                    List.of("-9223372036854775808", "9223372036854775807")),
                            Map.entry(
                                    "numeric",
                                    List.of(
                                            "1.0",
                                            "1.00",
                                            "NaN",
                                            "Infinity",
                                            "-0.000",
                                            "1e-30",
                                            "9".repeat(200))),
                            Map.entry("numeric(12,3)", List.of("-1.5", "999999999.999")),
                            Map.entry(
                                    "float4",
                                    List.of(
                                            "-0",
                                            "0",
                                            "1e-45",
                                            "NaN",
                                            "-Infinity",
                                            "3.4028235e38")),
                            Map.entry(
                                    "float8",
                                    List.of(
                                            "-0",
                                            "0.1",
                                            "5e-324",
                                            "NaN",
                                            "Infinity",
                                            "1.7976931348623157e308")),
                            Map.entry("money", List.of("-12.34", "92233720368547758.07")),
                            Map.entry(
                                    "text",
                                    List.of(
                                            "",
                                            "\\N",
                                            "\\",
                                            "a\tb\nc\rd\u0001\u007f",
                                            "ü€𝄞",
                                            " ",
                                            "NULL",
                                            "\\.")),
                            Map.entry("varchar(7)", List.of("", "seven77")),
                            Map.entry("char(5)", List.of("", "ab", "ab  c")),
                            Map.entry("\"char\"", List.of("", "x")),
                            Map.entry("name", List.of("", "a name")),
                            Map.entry("bytea", List.of("", "\\x00", "\\xdeadbeef5c5c0a0d09")),
                            Map.entry(
                                    "date",
                                    List.of(
                                            "-infinity",
                                            "0044-03-15 BC",
                                            "2026-11-21",
                                            "infinity",
                                            "5874897-12-31")),
                            Map.entry("time", List.of("00:00:00", "23:59:59.999999", "24:00:00")),
                            Map.entry("timetz", List.of("12:00:00+05:45", "00:00:00-12")),
                            Map.entry(
                                    "timestamp",
                                    List.of(
                                            "-infinity",
                                            "0001-01-01 BC",
                                            "2026-11-21 10:00:00.000001",
                                            "294276-12-31 23:59:59.999999")),
                            Map.entry(
                                    "timestamptz",
                                    List.of(
                                            "infinity",
                                            "1900-01-01 00:00:00+05:41:16",
                                            "2026-11-21 10:00:00.5+00")),
                            Map.entry(
                                    "interval",
                                    List.of(
                                            "1 day",
                                            "24:00:00",
                                            "-1 year -2 mons +3 days -04:05:06.000001",
                                            "0")),
                            Map.entry(
                                    "uuid",
                                    List.of(
                                            "00000000-0000-0000-0000-000000000000",
                                            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
                            Map.entry(
                                    "json",
                                    List.of(
                                            "{\"b\":1, \"a\" : [1,  2], \"b\":2}",
                                            "\"\\u00e4\"",
                                            "null")),
                            Map.entry(
                                    "jsonb",
                                    List.of("{\"a\": 1.50, \"b\": null}", "\"x\\\\y\"", "[]")),
                            Map.entry("jsonpath", List.of("$.\"a\"[*]?(@ > 1)")),
                            Map.entry("xml", List.of("<a b=\"c\">&lt;ü/></a>", "text only")),
                            Map.entry("inet", List.of("10.0.0.1", "::1/64")),
                            Map.entry("cidr", List.of("10.0.0.0/8")),
                            Map.entry("macaddr", List.of("08:00:2b:01:02:03")),
                            Map.entry("macaddr8", List.of("08:00:2b:01:02:03:04:05")),
                            Map.entry("bit(4)", List.of("0101")),
                            Map.entry("varbit", List.of("", "1", "010101010101")),
                            Map.entry("point", List.of("(1,-0)", "(1e300,NaN)")),
                            Map.entry("line", List.of("{1,2,3}")),
                            Map.entry("lseg", List.of("[(0,0),(1,1)]")),
                            Map.entry("box", List.of("(2,2),(0,0)")),
                            Map.entry("path", List.of("((0,0),(1,1))", "[(0,0),(1,1)]")),
                            Map.entry("polygon", List.of("((0,0),(1,1),(1,0))")),
                            Map.entry("circle", List.of("<(0,0),2>")),
                            Map.entry("tsvector", List.of("'fat':2A 'it''s':3 'rat':1,5B", "")),
                            Map.entry("tsquery", List.of("'fat' & !'rat':* <-> 'cat'")),
                            Map.entry("pg_lsn", List.of("16/B374D848")),
                            Map.entry("oid", List.of("0", "4294967295")),
                            Map.entry("txid_snapshot", List.of("10:20:10,14,15")),
                            Map.entry("int4range", List.of("empty", "[1,5)", "(,)")),
                            Map.entry("numrange", List.of("[1.0,2.00]", "(,1)")),
                            Map.entry(
                                    "tstzrange", List.of("[\"2026-01-01 00:00:00+00\",infinity)")),
                            Map.entry("daterange", List.of("[2026-01-01,)")),
                            Map.entry("int4multirange", List.of("{[1,2),[5,9)}", "{}")),
                            Map.entry(
                                    "int[]",
                                    List.of("{}", "{1,NULL,3}", "[0:1]={1,2}", "{{1,2},{3,4}}")),
                            Map.entry(
                                    "text[]",
                                    List.of("{\"\",NULL,\"NULL\",\"a,b\",\"q\\\"q\\\\\",\"{}\"}")),
                            Map.entry("mood", List.of("calm", "it's \"odd\"")),
                            Map.entry("mood[]", List.of("{calm,\"it's \\\"odd\\\"\"}")),
                            Map.entry("pair", List.of("(1,\"a, \"\"b\"\"\")", "(,)")),
                            Map.entry("pair[]", List.of("{\"(1,x)\",\"(2,\\\"y z\\\")\"}")),
                            Map.entry("percent", List.of("0", "100")),
                            Map.entry("myrange", List.of("[0.5,1.25)")),
                            Map.entry("regclass", List.of("pg_class"))));
    private static final List<String> NO_KEY =
            List.of(
                    "json",
                    "xml",
                    "point",
                    "line",
                    "lseg",
                    "box",
                    "path",
                    "polygon",
                    "circle",
                    "jsonpath",
                    "txid_snapshot",
                    "tsquery",
                    "tsvector");

    private final MigrationHarness harness;

    TypesIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void arriveByteForByte() {
        // Given
        Database source = harness.database(15, "types_source");
        Database target = harness.database(18, "types_target");
        List<String> create = new ArrayList<>();
        create.add("CREATE TYPE mood AS ENUM ('calm', 'it''s \"odd\"')");
        create.add("CREATE TYPE pair AS (a int, b text)");
        create.add("CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100)");
        create.add("CREATE TYPE myrange AS RANGE (subtype = float8)");
        List<String> load = new ArrayList<>();
        List<String> sync = new ArrayList<>();
        int number = 0;
        for (Map.Entry<String, List<String>> type : VALUES.entrySet()) {
            number++;
            create.add(
                    "CREATE TABLE with_id_%d (id serial PRIMARY KEY, v %s, w text)"
                            .formatted(number, type.getKey()));
            create.add(
                    "CREATE TABLE without_key_%d (v %s, n int)".formatted(number, type.getKey()));
            create.add("ALTER TABLE without_key_%d REPLICA IDENTITY FULL".formatted(number));
            boolean key = !NO_KEY.contains(type.getKey());
            if (key) {
                create.add(
                        "CREATE TABLE keyed_%d (v %s PRIMARY KEY, n int)"
                                .formatted(number, type.getKey()));
            }
            for (String value : type.getValue()) {
                String literal = literal(value);
                for (List<String> when : List.of(load, sync)) {
                    when.add(
                            "INSERT INTO with_id_%d (v, w) VALUES (%s, 'with'), (NULL, 'null')"
                                    .formatted(number, literal));
                    when.add(
                            "INSERT INTO without_key_%d VALUES (%s, 1), (%s, 1), (NULL, 2)"
                                    .formatted(number, literal, literal));
                }
                if (key) {
                    load.add(
                            "INSERT INTO keyed_%d VALUES (%s, 1) ON CONFLICT DO NOTHING"
                                    .formatted(number, literal));
                }
            }
            if (key) {
                sync.add("UPDATE keyed_%d SET n = 2".formatted(number));
                sync.add(
                        "DELETE FROM keyed_%d WHERE v = %s::%s"
                                .formatted(
                                        number,
                                        literal(type.getValue().getFirst()),
                                        type.getKey()));
                sync.add(
                        "INSERT INTO keyed_%d VALUES (%s, 3)"
                                .formatted(number, literal(type.getValue().getFirst())));
            }
            sync.add("UPDATE with_id_%d SET v = NULL WHERE id = 1".formatted(number));
            sync.add("UPDATE with_id_%d SET w = 'other' WHERE id > 2".formatted(number));
            sync.add("DELETE FROM with_id_%d WHERE id = 2".formatted(number));
            sync.add("UPDATE without_key_%d SET n = n + 10 WHERE n = 1".formatted(number));
            sync.add(
                    "DELETE FROM without_key_%d WHERE ctid = (SELECT max(ctid) FROM without_key_%d)"
                            .formatted(number, number));
        }
        source.executeAs(Roles.MIGRATOR, create.toArray(String[]::new));
        target.executeAs(Roles.MIGRATOR, create.toArray(String[]::new));
        source.transact(load.toArray(String[]::new));

        // When
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute(sync.toArray(String[]::new));
        migration.cutOver(false);

        // Then
        MigrationHarness.requireEqual(source, target);
        assertThat(source.number("SELECT count(*) FROM keyed_1")).isPositive();
    }

    private static String literal(String value) {
        return " E'" + value.replace("\\", "\\\\").replace("'", "''") + "'";
    }
}
