// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import dev.godwit.postgres.Identifiers;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * One carried column as an expression whose text is the same on both sides. A row's text is that of
 * a record (PostgreSQL docs, section 8.16.6): it needs no equality of the types, and tells null
 * from empty.
 *
 * @param baseType the name of its type in pg_catalog below all domains, empty for a type of another
 *     schema
 * @param elementType the same of an array's elements, empty if it is no array
 */
record ColumnText(String name, String baseType, String elementType) {
    /**
     * Servers before 12 print other digits of these (release notes of 12, extra_float_digits), so
     * their bytes speak, as their send functions write them. Where they are parts of another type
     * (a range, a composite, a cube) its text speaks, with the digits that all versions print
     * alike.
     */
    private static final Map<String, Sent> FLOATING =
            Map.ofEntries(
                    Map.entry("float4", new Sent("float4send", 0)),
                    Map.entry("float8", new Sent("float8send", 0)),
                    Map.entry("point", new Sent("point_send", 0)),
                    Map.entry("lseg", new Sent("lseg_send", 0)),
                    Map.entry("path", new Sent("path_send", 5)),
                    Map.entry("box", new Sent("box_send", 0)),
                    Map.entry("polygon", new Sent("poly_send", 4)),
                    Map.entry("line", new Sent("line_send", 0)),
                    Map.entry("circle", new Sent("circle_send", 0)));

    /** There is one NaN as text, and many as bytes: an operation may give it a sign. */
    private static final String NUMBER =
            "CASE WHEN {value} = 'NaN'::pg_catalog.{type} THEN 'NaN' ELSE {hex} END";

    /** The same of each of the float8 in a row behind a header. */
    private static final String NUMBERS =
            """
            pg_catalog.substr({hex}, 1, {header}) || pg_catalog.regexp_replace(\
            pg_catalog.regexp_replace(pg_catalog.substr({hex}, 1 + {header}), '.{16}', E'\\\\& ', 'g'), \
            '[[:<:]][7f]ff(?!0{13})[0-9a-f]{13}', 'NaN', 'g')\
            """;

    /** An array's own bytes would tell whether it ever held a null. */
    private static final String ELEMENTS =
            """
            CASE WHEN {value} IS NOT NULL THEN coalesce(pg_catalog.array_dims({value}), '') || coalesce((\
            SELECT pg_catalog.string_agg(coalesce({element}, 'NULL'), ',' ORDER BY place) \
            FROM pg_catalog.unnest({value}) WITH ORDINALITY AS elements (element, place)), '') END\
            """;

    /**
     * How a type of floats is sent.
     *
     * @param header bytes in front of the first
     */
    private record Sent(String function, int header) {
        String hex() {
            return "pg_catalog.encode(pg_catalog.%s({value}), 'hex')".formatted(function);
        }
    }

    String expression(boolean floatsAsBytes) {
        String quoted = Identifiers.quote(name);
        if (floatsAsBytes && FLOATING.containsKey(baseType)) {
            return ofFloats(baseType, quoted);
        }
        return floatsAsBytes && FLOATING.containsKey(elementType)
                ? ELEMENTS.replace("{element}", ofFloats(elementType, "element"))
                        .replace("{value}", quoted)
                : quoted;
    }

    private static String ofFloats(String type, String value) {
        Sent sent = Objects.requireNonNull(FLOATING.get(type));
        boolean one = type.equals("float4") || type.equals("float8");
        return (one ? NUMBER : NUMBERS)
                .replace("{hex}", sent.hex())
                .replace("{header}", Integer.toString(2 * sent.header()))
                .replace("{type}", type)
                .replace("{value}", value);
    }

    /** The text of a whole row of these columns. */
    static String ofRow(List<ColumnText> columns, boolean floatsAsBytes) {
        return columns.stream()
                .map(column -> column.expression(floatsAsBytes))
                .collect(Collectors.joining(", ", "ROW(", ")::pg_catalog.text"));
    }
}
