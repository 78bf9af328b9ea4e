// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import static dev.godwit.tests.workload.random.SqlType.ordered;

import dev.godwit.postgres.Identifiers;
import java.util.List;

/** Types that a schema defines itself, and those of extensions. */
final class OwnTypes {
    static final List<String> EXTENSIONS = List.of("citext", "hstore", "ltree", "cube", "isn");

    private static final int ARRAYS_OF_DOMAINS = 11;
    private static final List<String> MOODS = List.of("calm", "cross", "it's \"odd\"", "", "a,b");

    private final String schema;

    /** In this schema, whose name is quoted. */
    OwnTypes(String schema) {
        this.schema = schema;
    }

    /** A collation that takes case away. */
    String createFolded() {
        return "CREATE COLLATION %s.folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
                .formatted(schema);
    }

    List<String> create() {
        return List.of(
                "CREATE TYPE %s AS ENUM (%s)"
                        .formatted(
                                mood().name(),
                                String.join(
                                        ", ", MOODS.stream().map(Identifiers::literal).toList())),
                "CREATE DOMAIN %s AS integer CHECK (VALUE BETWEEN 0 AND 100)"
                        .formatted(percent().name()),
                "CREATE DOMAIN %s AS numeric CHECK (VALUE IS DISTINCT FROM 12345)"
                        .formatted(amount().name()),
                "CREATE DOMAIN %s AS %s".formatted(anyMood().name(), mood().name()),
                "CREATE TYPE %s AS (a integer, \"B c\" text, n numeric)".formatted(pair().name()),
                "CREATE TYPE %s AS RANGE (subtype = double precision)".formatted(span().name()));
    }

    List<SqlType> all() {
        return List.of(mood(), anyMood(), percent(), amount(), pair(), span());
    }

    static List<SqlType> ofExtensions() {
        return List.of(
                ordered("citext", RandomText::draw, "abc", "ABC", "Abc", "").named("public.citext"),
                SqlType.unordered(
                        "public.hstore",
                        dice ->
                                "%s=>NULL, b=>\"%s\""
                                        .formatted(RandomText.word(dice), RandomText.word(dice)),
                        "",
                        "\"a \"=>\"\\\\\\\"\""),
                ordered(
                        "public.ltree",
                        dice -> RandomText.word(dice) + "." + RandomText.word(dice),
                        ""),
                ordered(
                        "public.cube",
                        dice -> "(%d, %d),(1, 0.5)".formatted(dice.below(9), dice.below(9)),
                        "(0)"),
                ordered("public.isbn", dice -> dice.pick("0-393-04002-X", "978-0-306-40615-7")));
    }

    private SqlType mood() {
        return ordered(named("Mood"), dice -> dice.pick(MOODS));
    }

    /** No operator of PostgreSQL takes a domain of an enum. */
    private SqlType anyMood() {
        return SqlType.unordered(named("any mood"), dice -> dice.pick(MOODS))
                .arraysSince(ARRAYS_OF_DOMAINS);
    }

    private SqlType percent() {
        return ordered(named("percent %"), dice -> "" + dice.below(101))
                .arraysSince(ARRAYS_OF_DOMAINS);
    }

    private SqlType amount() {
        return ordered(named("amount"), BuiltInTypes.NUMERIC::next).arraysSince(ARRAYS_OF_DOMAINS);
    }

    private SqlType pair() {
        List<SqlType> fields =
                List.of(BuiltInTypes.INTEGER, BuiltInTypes.TEXT, BuiltInTypes.NUMERIC);
        return ordered(
                named("p'air"),
                dice -> CompositeText.draw(dice, fields),
                "(,,)",
                "(1,\"\",1.0)",
                "(1,\"\",1.00)");
    }

    private SqlType span() {
        return ordered(
                named("span\"\""), dice -> RangeText.draw(dice, BuiltInTypes::scaled), "[-0,1.5)");
    }

    private String named(String name) {
        return schema + "." + Identifiers.quote(name);
    }
}
