// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import static dev.godwit.tests.types.TypeCase.type;

import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** All types that a column of a user's table can have, and those of the extensions in contrib. */
final class TypeCatalog {
    static final List<String> EXTENSIONS =
            List.of(
                    "citext",
                    "cube",
                    "earthdistance",
                    "hstore",
                    "intarray",
                    "isn",
                    "lo",
                    "ltree",
                    "pg_trgm",
                    "seg",
                    "\"uuid-ossp\"");

    private static final List<String> TEXTS =
            List.of(
                    "",
                    " ",
                    "\\N",
                    "\\.",
                    "\\",
                    "NULL",
                    "a\tb\nc\rd\r\ne\bf\u000bg\u0001\u007f",
                    "\\t\\n\\x41\\101\\\\",
                    "ü€𝄞\uD83D\uDE00\u0301",
                    "{\"q\",'s',(b),a;b}",
                    "x".repeat(3_000),
                    IntStream.range(0, 700).mapToObj(i -> "é" + i).collect(Collectors.joining()));

    private static final TypeGroup NUMBERS =
            TypeGroup.of(
                    "numbers",
                    type("boolean", "t", "f"),
                    type("smallint", "-32768", "0", "32767"),
                    type("integer", "-2147483648", "0", "2147483647"),
                    type("bigint", "-9223372036854775808", "0", "9223372036854775807"),
                    type(
                            "numeric",
                            "1.0",
                            "1.00",
                            "1",
                            "0",
                            "-0.000",
                            "NaN",
                            "1e-30",
                            "1e120",
                            "9".repeat(1_000),
                            "-" + "9".repeat(500) + "." + "123456789".repeat(55) + "00",
                            "0." + "0".repeat(2_000) + "1"),
                    type("numeric", "Infinity", "-Infinity").shown("numeric ±Infinity").since(14),
                    type("numeric(12,3)", "-1.5", "999999999.999", "0", "NaN"),
                    type("numeric(3,-2)", "12300", "-99900", "0").since(15),
                    type(
                            "real",
                            "-0",
                            "0",
                            "0.1",
                            "1e-45",
                            "16777217",
                            "NaN",
                            "Infinity",
                            "-Infinity",
                            "3.4028235e38"),
                    type(
                            "double precision",
                            "-0",
                            "0",
                            "0.1",
                            "0.30000000000000004",
                            "5e-324",
                            "9007199254740993",
                            "NaN",
                            "Infinity",
                            "-Infinity",
                            "1.7976931348623157e308"),
                    type(
                            "money",
                            "-0.01",
                            "12345.67",
                            "-92233720368547758.08",
                            "92233720368547758.07"),
                    type("oid", "0", "4294967295"));

    private static final TypeGroup TEXT =
            TypeGroup.of(
                    "text",
                    type("text", TEXTS.toArray(String[]::new)),
                    type("character varying", TEXTS.toArray(String[]::new)),
                    type("character varying(7)", "", "seven77", "       ", "ü€𝄞"),
                    type("character(5)", "", "ab", "ab  c", "  a", "€€€€€"),
                    type("\"char\"", "", "x", "\\", "'", "\""),
                    type("name", "", " ", "a \"name\"", "é".repeat(31)),
                    type(
                            "bytea",
                            "",
                            "\\x00",
                            "\\x" + everyByte(),
                            "\\x" + (everyByte() + "5c4e5c2e0a").repeat(20)),
                    type("bit(4)", "0101", "0000", "1111"),
                    type("bit(1)", "0", "1"),
                    type("bit varying", "", "1", "010101010101", "10".repeat(700)),
                    type(
                            "uuid",
                            "00000000-0000-0000-0000-000000000000",
                            "ffffffff-ffff-ffff-ffff-ffffffffffff",
                            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
                    type("public.citext", "abc", "ABC", "", "\\N").shown("citext"));

    private static final TypeGroup TIMES =
            TypeGroup.of(
                    "times",
                    type(
                            "date",
                            "-infinity",
                            "infinity",
                            "4713-01-01 BC",
                            "0044-03-15 BC",
                            "0001-01-01",
                            "2000-02-29",
                            "5874897-12-31"),
                    type("time", "00:00:00", "23:59:59.999999", "24:00:00"),
                    type("time(0)", "12:34:56", "24:00:00"),
                    type(
                            "time with time zone",
                            "12:00:00+05:45",
                            "24:00:00-15:59:59",
                            "00:00:00+15:59:59"),
                    type(
                            "timestamp",
                            "-infinity",
                            "infinity",
                            "4713-01-01 00:00:00 BC",
                            "0001-12-31 23:59:59.999999 BC",
                            "1999-12-31 23:59:59.5",
                            "2026-11-21 10:00:00.000001",
                            "294276-12-31 23:59:59.999999"),
                    type("timestamp(3)", "2026-11-21 10:00:00.123", "294276-12-31 23:59:59.999"),
                    type(
                            "timestamp with time zone",
                            "-infinity",
                            "infinity",
                            "4713-01-01 00:00:00+00 BC",
                            "1900-01-01 00:00:00+05:41:16",
                            "2026-03-29 02:30:00+01",
                            "2026-11-21 10:00:00.5+00",
                            "294276-12-31 23:59:59.999999+00"),
                    type(
                            "interval",
                            "0",
                            "1 day",
                            "24:00:00",
                            "30 days",
                            "1 mon",
                            "-00:00:00.000001",
                            "-1 year -2 mons +3 days -04:05:06.000001",
                            "178000000 years",
                            "-178000000 years",
                            "178000000 years -2147483647 days 2147483647:59:59.999999"),
                    type("interval year to month", "3 years 4 mons", "-7 mons"),
                    type("interval second(2)", "00:00:01.23", "-3000:00:00.01"),
                    type("interval", "infinity", "-infinity").shown("interval ±infinity").since(17),
                    type("abstime", "1970-01-01 00:00:00+00", "2026-11-21 10:00:00+00", "infinity")
                            .until(11),
                    type("reltime", "1 day", "-2 hours").until(11),
                    type("tinterval", "[\"2001-01-01 00:00:00+00\" \"2026-01-01 00:00:00+00\"]")
                            .until(11));

    private static final TypeGroup DOCUMENTS =
            TypeGroup.of(
                    "documents",
                    type(
                            "json",
                            "{\"b\":1, \"a\" : [1,  2], \"b\":2}",
                            " \n\t{ }  ",
                            "null",
                            "1.50",
                            "\"\\u0000 \\u00e4 \\\\ \\\" ü\"",
                            "[1e400, -0, 1.0, 1.00]"),
                    type(
                            "jsonb",
                            "{\"a\": 1.50, \"b\": null, \"a\": -0.0}",
                            "\"x\\\\y\\n\\t𝄞\"",
                            "[]",
                            "null",
                            "\"\"",
                            "[1.0, 1.00, 1e-10, " + "9".repeat(400) + "]"),
                    type("jsonpath", "$.\"a\"[*]?(@ > 1)", "strict $.\"ü \\\" \"", "lax $[last]")
                            .since(12),
                    type(
                            "xml",
                            "<a b=\"c\">&lt;ü/></a>",
                            "text only",
                            "",
                            " <a/>\n<b/> ",
                            "<!-- c --><a xmlns:x=\"urn:x\"><![CDATA[\\N]]></a>",
                            "<?xml version=\"1.1\" standalone=\"yes\"?><a/>"),
                    type(
                                    "public.hstore",
                                    "",
                                    "a=>NULL, b=>\"\"",
                                    "\"a \"=>\"\\\\\\\"\", \"=>\"=>\"NULL\", ü=>\"\\\\N\"")
                            .shown("hstore"),
                    type(
                            "tsvector",
                            "",
                            "'fat':2A 'it''s':3 'rat':1,5B",
                            "'a b' 'c\\\\d' 'ü':16383"),
                    type(
                            "tsquery",
                            "",
                            "'fat' & !'rat':*AB <-> 'it''s'",
                            "'a' <5> ( 'b' | 'c\\\\d' )"),
                    type("public.ltree", "", "Top", "Top.Science_1.Astronomy").shown("ltree"),
                    type("public.lquery", "*", "Top.*{1,2}.!a|b@*%").shown("lquery"),
                    type("public.ltxtquery", "a & !b@* | c%").shown("ltxtquery"),
                    type("public.query_int", "1&(2|!3)", "-5").shown("query_int"));

    private static final TypeGroup SHAPES =
            TypeGroup.of(
                    "shapes",
                    type(
                            "point",
                            "(1,-0)",
                            "(1e300,NaN)",
                            "(Infinity,-Infinity)",
                            "(0.1,0.30000000000000004)"),
                    type("line", "{1,2,3}", "{0.1,-1,0}"),
                    type("lseg", "[(0,0),(1,1)]", "[(-0,0.1),(1e-300,2)]"),
                    type("box", "(2,2),(0,0)", "(0.1,1e10),(-5,-0.7)"),
                    type("path", "((0,0),(1,1))", "[(0,0),(0.1,1)]"),
                    type("polygon", "((0,0),(1,1),(1,0))", "((0.1,0.2))"),
                    type("circle", "<(0,0),2>", "<(0.1,-7),0>"),
                    type("public.cube", "(0)", "(1, 2.5),(3, 0.1)", "(-0)").shown("cube"),
                    type("public.seg", "1", "<0.1", "~6.50", "6.50 .. 8.0", "5(+-)0.1")
                            .shown("seg"),
                    type("inet", "10.0.0.1", "10.0.0.1/8", "::1/64", "::ffff:1.2.3.4", "::"),
                    type("cidr", "10.0.0.0/8", "::/0", "2001:db8::/32", "192.168.0.1/32"),
                    type("macaddr", "08:00:2b:01:02:03", "00:00:00:00:00:00"),
                    type("macaddr8", "08:00:2b:01:02:03:04:05", "ff:ff:ff:ff:ff:ff:ff:ff"),
                    type("public.ean13", "978-0-11-000533-1", "0000000000000").shown("ean13"),
                    type("public.isbn13", "978-0-393-04002-9").shown("isbn13"),
                    type("public.isbn", "0-393-04002-X", "978-0-306-40615-7").shown("isbn"),
                    type("public.ismn13", "979-0-3452-4680-5").shown("ismn13"),
                    type("public.ismn", "M-3452-4680-5").shown("ismn"),
                    type("public.issn13", "977-1436-452-00-8").shown("issn13"),
                    type("public.issn", "1436-4522").shown("issn"),
                    type("public.upc", "220356483481").shown("upc"));

    private static final TypeGroup RANGES =
            TypeGroup.of(
                    "ranges",
                    type("int4range", "empty", "[1,5)", "(,)", "[-2147483648,2147483647)"),
                    type("int8range", "empty", "[1,)", "(,-9223372036854775807)"),
                    type("numrange", "empty", "[1.0,2.00]", "(,1)", "(NaN,NaN]"),
                    type("tsrange", "[\"2026-01-01 00:00:00\",infinity)", "(-infinity,infinity]"),
                    type(
                            "tstzrange",
                            "[\"2026-01-01 00:00:00.000001+00\",infinity)",
                            "(,\"4713-01-01 00:00:00+00 BC\"]"),
                    type("daterange", "[2026-01-01,)", "(-infinity,infinity)", "empty"),
                    type("public.span", "[0.5,1.25)", "(,0.1]", "[-0,0.30000000000000004]")
                            .shown("a range type of double precision"),
                    type("public.words", "[a,\"b \\\"c\\\\d\")", "(\"\",\"ü,€\"]", "empty")
                            .shown("a range type of text"),
                    type("int4multirange", "{}", "{[1,2),[5,9)}", "{(,)}").since(14),
                    type("int8multirange", "{[1,2),[5,)}", "{}").since(14),
                    type("nummultirange", "{[1.0,2.00],(3,4)}", "{}").since(14),
                    type("tsmultirange", "{[\"2026-01-01 00:00:00\",infinity)}", "{}").since(14),
                    type("tstzmultirange", "{[\"2026-01-01 00:00:00+00\",)}", "{}").since(14),
                    type("datemultirange", "{[2026-01-01,2026-01-02),[2027-01-01,)}", "{}")
                            .since(14),
                    type("public.words_all", "{[a,b),(\"c \\\"\",d]}", "{}")
                            .shown("a multirange type of text")
                            .since(14));

    private static final TypeGroup OWN =
            TypeGroup.of(
                    "own",
                    type("public.mood", "calm", "it's \"odd\"", "", "a,b\\c").shown("an enum"),
                    type(
                                    "public.pair",
                                    "(1,\"a, \"\"b\"\" \\\\\\\\\",1.0)",
                                    "(,,)",
                                    "(2,\"\",1.00)",
                                    "(3,\"\\\\\\\\N\",NaN)")
                            .shown("a composite"),
                    type(
                                    "public.nested",
                                    "(\"(1,\"\"x\"\"\"\"y\"\",0.50)\",\"{calm,NULL}\",0.1)",
                                    "(,{},-0)")
                            .shown("a composite of a composite, an array of an enum, and a float"),
                    type("public.account", "(1,a)", "(,)").shown("a table's row type"));

    private static final TypeGroup DOMAINS =
            TypeGroup.ofDomains(
                    "domains",
                    type("public.percent", "0", "100").shown("a domain of integer"),
                    type("public.amount", "1.0", "1.00", "NaN").shown("a domain of numeric"),
                    type("public.inner_text", "", "\\N", "a,b")
                            .shown("a domain of a domain of text"),
                    type("public.numbers_list", "{1,NULL}", "[0:0]={7}", "{}")
                            .shown("a domain of integer[]"),
                    type("public.span_domain", "[0.1,2)", "empty").shown("a domain of a range"),
                    type("public.pair_domain", "(1,x,1.0)", "(,,)")
                            .shown("a domain of a composite")
                            .since(11),
                    type("public.good_mood", "calm", "").shown("a domain of an enum"),
                    type("public.lo", "0", "4294967295").shown("lo"),
                    type("public.earth", "(6378168, 0, 0)", "(0, -6378168, 0)").shown("earth"));

    private static final TypeGroup SYSTEM =
            TypeGroup.of(
                    "system",
                    type("pg_lsn", "0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"),
                    type("xid", "0", "4294967295"),
                    type("xid8", "0", "18446744073709551615").since(13),
                    type("cid", "0", "4294967295"),
                    type("tid", "(0,0)", "(4294967295,65535)"),
                    type("txid_snapshot", "10:20:10,14,15", "1:1:"),
                    type("pg_snapshot", "10:20:10,14,15", "1:1:").since(13),
                    type("regclass", "pg_class", "public.account", "-", "4294967295"),
                    type(
                            "regtype",
                            "integer",
                            "public.mood",
                            "\"char\"",
                            "timestamp with time zone[]"),
                    type("regproc", "now", "-"),
                    type("regprocedure", "abs(bigint)", "-"),
                    type("regoper", "||/", "0"),
                    type("regoperator", "+(integer,integer)", "0"),
                    type("regnamespace", "pg_catalog", "public"),
                    type("regrole", "migrator", "-"),
                    type("regconfig", "english", "-"),
                    type("regdictionary", "simple", "-"),
                    type("regcollation", "\"C\"", "-").since(13),
                    type("oidvector", "", "1 2 3", "4294967295"),
                    type("int2vector", "", "1 -2 3"),
                    type("aclitem", "=r/postgres", "migrator=arwd/migrator"),
                    type("refcursor", "", "a \"cursor\""));

    static final List<TypeGroup> ALL =
            List.of(NUMBERS, TEXT, TIMES, DOCUMENTS, SHAPES, RANGES, OWN, DOMAINS, SYSTEM);

    private TypeCatalog() {}

    /** Statements that create the types that no server has by itself. */
    static List<String> create(int major) {
        String multirange = major >= 14 ? ", multirange_type_name = public.words_all" : "";
        List<String> statements =
                new java.util.ArrayList<>(
                        List.of(
                                "CREATE TYPE public.mood AS ENUM ('calm', 'it''s \"odd\"', '', 'a,b\\c')",
                                "CREATE TYPE public.pair AS (a integer, \"B c\" text, n numeric)",
                                "CREATE TYPE public.nested AS (p public.pair, moods public.mood[], f double precision)",
                                "CREATE TYPE public.span AS RANGE (subtype = double precision)",
                                "CREATE TYPE public.words AS RANGE (subtype = text, collation = \"C\"%s)"
                                        .formatted(multirange),
                                "CREATE TABLE public.account (id integer PRIMARY KEY, owner text)",
                                "CREATE DOMAIN public.percent AS integer CHECK (VALUE BETWEEN 0 AND 100)",
                                "CREATE DOMAIN public.amount AS numeric CHECK (VALUE IS DISTINCT FROM 12345)",
                                "CREATE DOMAIN public.outer_text AS text CHECK (VALUE <> 'forbidden')",
                                "CREATE DOMAIN public.inner_text AS public.outer_text DEFAULT 'd'",
                                "CREATE DOMAIN public.numbers_list AS integer[]",
                                "CREATE DOMAIN public.span_domain AS public.span",
                                "CREATE DOMAIN public.good_mood AS public.mood CHECK (VALUE::text <> 'a,b\\c')",
                                "CREATE TYPE public.nothing AS ENUM ()"));
        if (major >= 11) {
            statements.add("CREATE DOMAIN public.pair_domain AS public.pair");
        }
        return List.copyOf(statements);
    }

    private static String everyByte() {
        byte[] bytes = new byte[256];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        return HexFormat.of().formatHex(bytes);
    }
}
