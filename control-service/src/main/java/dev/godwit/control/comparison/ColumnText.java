// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import dev.godwit.postgres.Identifiers;
import java.util.List;
import java.util.Map;
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
     * their bytes speak. Where they are parts of another type (a range, a composite, a cube) its
     * text speaks, with the digits that all versions print alike.
     */
    private static final Map<String, String> FLOATING =
            Map.ofEntries(
                    Map.entry("float4", "float4send"),
                    Map.entry("float8", "float8send"),
                    Map.entry("point", "point_send"),
                    Map.entry("lseg", "lseg_send"),
                    Map.entry("path", "path_send"),
                    Map.entry("box", "box_send"),
                    Map.entry("polygon", "poly_send"),
                    Map.entry("line", "line_send"),
                    Map.entry("circle", "circle_send"));

    String expression(boolean floatsAsBytes) {
        String quoted = Identifiers.quote(name);
        if (!floatsAsBytes) {
            return quoted;
        }
        String bytes = FLOATING.get(baseType);
        if (bytes != null) {
            return "pg_catalog." + bytes + "(" + quoted + ")";
        }
        return FLOATING.containsKey(elementType) ? "pg_catalog.array_send(" + quoted + ")" : quoted;
    }

    /** The text of a whole row of these columns. */
    static String ofRow(List<ColumnText> columns, boolean floatsAsBytes) {
        return columns.stream()
                .map(column -> column.expression(floatsAsBytes))
                .collect(Collectors.joining(", ", "ROW(", ")::pg_catalog.text"));
    }
}
