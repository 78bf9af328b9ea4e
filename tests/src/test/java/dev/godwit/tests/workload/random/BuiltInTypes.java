// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import static dev.godwit.tests.workload.random.SqlType.ordered;
import static dev.godwit.tests.workload.random.SqlType.unordered;

import dev.godwit.tests.workload.random.SqlType.ValueSource;
import java.time.LocalDate;
import java.util.List;
import java.util.function.IntFunction;

/** PostgreSQL's own types that a table's column can have. */
final class BuiltInTypes {
    static final SqlType INTEGER =
            ordered("integer", dice -> "" + (int) dice.bits(), "-2147483648", "0", "2147483647");
    static final SqlType SMALL_NUMBER = ordered("integer", dice -> "" + dice.between(-9, 99));
    static final SqlType TEXT =
            ordered(
                    "text",
                    RandomText::draw,
                    "",
                    "\\N",
                    "\\.",
                    "\\",
                    "NULL",
                    " ",
                    "a\tb\nc\rd\u0001");
    static final SqlType NUMERIC =
            ordered(
                    "numeric",
                    BuiltInTypes::numeric,
                    "1.0",
                    "1.00",
                    "1",
                    "NaN",
                    "-0.000",
                    "0",
                    "1e-30",
                    "1e120");

    static final List<SqlType> ALL =
            List.of(
                    ordered("boolean", dice -> dice.pick("t", "f")),
                    ordered("smallint", dice -> "" + (short) dice.bits(), "-32768", "32767"),
                    INTEGER,
                    ordered(
                            "bigint",
                            dice -> "" + dice.bits(),
                            "-9223372036854775808",
                            "9223372036854775807"),
                    NUMERIC,
                    ordered("numeric", BuiltInTypes::numeric, "Infinity", "-Infinity").since(14),
                    ordered(
                            "numeric(12,3)",
                            dice -> dice.between(-999_999, 999_999) + "." + dice.below(999)),
                    ordered(
                            "real",
                            BuiltInTypes::real,
                            "-0",
                            "0",
                            "1e-45",
                            "NaN",
                            "-Infinity",
                            "3.4028235e38"),
                    ordered(
                            "double precision",
                            BuiltInTypes::number,
                            "-0",
                            "0",
                            "0.1",
                            "5e-324",
                            "NaN",
                            "Infinity",
                            "1.7976931348623157e308"),
                    ordered(
                            "money",
                            dice -> dice.between(-99_999, 99_999) + "." + dice.between(10, 99),
                            "-92233720368547758.08",
                            "92233720368547758.07"),
                    TEXT,
                    TEXT.named("character varying"),
                    ordered(
                            "character varying(7)",
                            dice -> RandomText.draw(dice, 7),
                            "",
                            " ",
                            "       "),
                    ordered(
                            "character(5)",
                            dice -> RandomText.draw(dice, 5),
                            "",
                            "ab",
                            "ab  c",
                            " "),
                    ordered("\"char\"", dice -> "" + (char) dice.between('!', '~'), ""),
                    ordered("name", dice -> RandomText.draw(dice, 12), "", " "),
                    ordered("bytea", BuiltInTypes::bytes, "", "\\x00", "\\x5c5c0a0d09002e"),
                    ordered(
                            "date",
                            RandomMoment::date,
                            "-infinity",
                            "infinity",
                            "0044-03-15 BC",
                            "5874897-12-31"),
                    ordered("time", RandomMoment::time, "00:00:00", "24:00:00"),
                    ordered(
                            "time with time zone",
                            dice -> RandomMoment.time(dice) + RandomMoment.offset(dice),
                            "24:00:00-12",
                            "00:00:00+14"),
                    ordered(
                            "timestamp",
                            RandomMoment::timestamp,
                            "-infinity",
                            "infinity",
                            "0001-01-01 00:00:00 BC",
                            "294276-12-31 23:59:59.999999"),
                    ordered(
                            "timestamp with time zone",
                            RandomMoment::timestamptz,
                            "-infinity",
                            "infinity",
                            "1900-01-01 00:00:00+05:41:16",
                            "294276-12-31 23:59:59.999999+00"),
                    ordered(
                            "interval",
                            RandomMoment::interval,
                            "1 day",
                            "24:00:00",
                            "30 days",
                            "1 mon",
                            "0",
                            "178000000 years",
                            "-178000000 years"),
                    ordered("interval", RandomMoment::interval, "infinity", "-infinity").since(17),
                    ordered(
                            "uuid",
                            dice -> RandomText.hex(dice, 32),
                            "00000000-0000-0000-0000-000000000000"),
                    unordered(
                            "json",
                            RandomJson::draw,
                            "{\"b\":1, \"a\" : [1,  2], \"b\":2}",
                            "null",
                            " 1 ",
                            "\"\\u0000\""),
                    ordered(
                            "jsonb",
                            dice -> RandomJson.draw(dice).replace("\\u00", "\\u01"),
                            "{}",
                            "null",
                            "1.50"),
                    unordered(
                                    "jsonpath",
                                    dice ->
                                            "$.\"%s\"[*]?(@ > %d)"
                                                    .formatted(
                                                            RandomText.word(dice), dice.below(9)))
                            .since(12),
                    unordered(
                            "xml",
                            dice ->
                                    "<a b=\"%s\"> &lt;%s</a>"
                                            .formatted(
                                                    RandomText.word(dice), RandomText.word(dice)),
                            "",
                            "text only",
                            "<!-- c --><a/>"),
                    ordered(
                            "inet",
                            dice -> address(dice) + dice.pick("", "/8", "/32"),
                            "::1/64",
                            "::ffff:1.2.3.4"),
                    ordered(
                            "cidr",
                            dice -> "%d.%d.0.0/16".formatted(dice.below(256), dice.below(256)),
                            "::/0"),
                    ordered("macaddr", dice -> RandomText.hex(dice, 12)),
                    ordered("macaddr8", dice -> RandomText.hex(dice, 16)),
                    ordered("bit(4)", dice -> bits(dice, 4)),
                    ordered("bit varying", dice -> bits(dice, dice.below(70)), ""),
                    unordered(
                            "point",
                            BuiltInTypes::point,
                            "(1,-0)",
                            "(1e300,NaN)",
                            "(Infinity,-Infinity)"),
                    unordered(
                            "line",
                            dice ->
                                    "{%d,%d,%d}"
                                            .formatted(
                                                    dice.between(1, 9),
                                                    dice.below(9),
                                                    dice.below(9))),
                    unordered("lseg", dice -> "[" + point(dice) + "," + point(dice) + "]"),
                    unordered("box", dice -> point(dice) + "," + point(dice)).delimitedBy(';'),
                    unordered(
                            "path",
                            dice ->
                                    dice.chance(50)
                                            ? "[" + point(dice) + "," + point(dice) + "]"
                                            : "((0,0),(1,1))"),
                    unordered(
                            "polygon",
                            dice ->
                                    "("
                                            + point(dice)
                                            + ","
                                            + point(dice)
                                            + ","
                                            + point(dice)
                                            + ")"),
                    unordered("circle", dice -> "<" + point(dice) + "," + dice.below(99) + ">"),
                    ordered(
                            "tsvector",
                            dice ->
                                    "'%s':2A '%s':3"
                                            .formatted(
                                                    RandomText.word(dice), RandomText.word(dice)),
                            "",
                            "'it''s':1,5B"),
                    ordered(
                            "tsquery",
                            dice ->
                                    "'%s' & !'%s':*"
                                            .formatted(
                                                    RandomText.word(dice), RandomText.word(dice)),
                            ""),
                    ordered(
                            "pg_lsn",
                            dice -> "%X/%X".formatted(dice.below(99), dice.below(1 << 30)),
                            "0/0"),
                    ordered("oid", dice -> "" + (dice.bits() >>> 32), "0", "4294967295"),
                    unordered("xid", dice -> "" + (dice.bits() >>> 32)),
                    ordered("xid8", dice -> "" + (dice.bits() >>> 1)).since(13),
                    unordered("cid", dice -> "" + dice.below(99)),
                    ordered("tid", dice -> "(%d,%d)".formatted(dice.below(99), dice.below(99))),
                    unordered("txid_snapshot", dice -> "10:20:10,14,15"),
                    unordered("pg_snapshot", dice -> "10:20:10,14,15").since(13),
                    ordered(
                            "regclass",
                            dice -> dice.pick("pg_class", "pg_type", "-", "4294967295")),
                    ordered(
                            "regtype",
                            dice -> dice.pick("integer", "text[]", "timestamp with time zone")),
                    ordered("regproc", dice -> dice.pick("now", "-")),
                    ordered("regnamespace", dice -> dice.pick("pg_catalog", "public")),
                    ordered("oidvector", dice -> dice.pick("", "1 2 3", "4294967295")),
                    unordered("int2vector", dice -> dice.pick("", "1 2 3", "-4")),
                    unordered(
                            "aclitem", dice -> dice.pick("=r/postgres", "migrator=arwd/migrator")),
                    unordered("refcursor", RandomText::word),
                    ordered("int4range", range(BuiltInTypes::whole), "empty", "(,)"),
                    ordered("int8range", range(BuiltInTypes::whole), "empty"),
                    ordered("numrange", range(BuiltInTypes::scaled), "empty", "[1.0,2.00]"),
                    ordered("daterange", range(BuiltInTypes::day), "(-infinity,infinity)"),
                    ordered("tsrange", range(BuiltInTypes::day), "empty"),
                    ordered(
                            "tstzrange",
                            range(BuiltInTypes::day),
                            "[\"2026-01-01 00:00:00+00\",infinity)"),
                    ordered("int4multirange", ranges(BuiltInTypes::whole), "{}").since(14),
                    ordered("nummultirange", ranges(BuiltInTypes::scaled), "{(,)}").since(14),
                    ordered("datemultirange", ranges(BuiltInTypes::day)).since(14));

    private BuiltInTypes() {}

    private static ValueSource range(IntFunction<String> point) {
        return dice -> RangeText.draw(dice, point);
    }

    private static ValueSource ranges(IntFunction<String> point) {
        return dice -> RangeText.drawMany(dice, point);
    }

    private static String whole(int point) {
        return Integer.toString(point);
    }

    /** Equal numbers have several texts. */
    static String scaled(int point) {
        return point / 4 + List.of("", ".0", ".00", ".5").get(point % 4);
    }

    private static String day(int point) {
        return LocalDate.of(2026, 1, 1).plusDays(point).toString();
    }

    private static String numeric(Dice dice) {
        int digits = dice.rarely(20) ? 1_000 : dice.between(1, 12);
        StringBuilder number = new StringBuilder(dice.pick("", "-"));
        for (int i = 0; i < digits; i++) {
            number.append(dice.below(10));
        }
        return number.append(dice.pick("", ".0", ".10", ".125000")).toString();
    }

    private static String real(Dice dice) {
        float number = Float.intBitsToFloat((int) dice.bits());
        return Float.isFinite(number) ? Float.toString(number) : "1.5";
    }

    private static String number(Dice dice) {
        double number = Double.longBitsToDouble(dice.bits());
        return Double.isFinite(number) ? Double.toString(number) : "1.5";
    }

    private static String bytes(Dice dice) {
        int bytes = dice.rarely(25) ? dice.between(2_000, 9_000) : dice.below(20);
        return "\\x" + RandomText.hex(dice, 2 * bytes);
    }

    private static String bits(Dice dice, int length) {
        StringBuilder bits = new StringBuilder();
        for (int i = 0; i < length; i++) {
            bits.append(dice.below(2));
        }
        return bits.toString();
    }

    private static String address(Dice dice) {
        return "%d.%d.%d.%d"
                .formatted(dice.below(256), dice.below(256), dice.below(256), dice.below(256));
    }

    private static String point(Dice dice) {
        return "(%d,%s)".formatted(dice.between(-99, 99), dice.pick("-0", "0.1", "1e-300", "7"));
    }
}
