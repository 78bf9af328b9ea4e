// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.comparison;

import dev.godwit.postgres.Identifiers;
import java.util.List;
import java.util.Set;
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
    private static final Set<String> FLOATING =
            Set.of("float4", "float8", "point", "lseg", "path", "box", "polygon", "line", "circle");

    String expression(boolean floatsAsBytes) {
        String quoted = Identifiers.quote(name);
        if (!floatsAsBytes) {
            return quoted;
        }
        if (FLOATING.contains(baseType)) {
            return "pg_catalog."
                    + (baseType.startsWith("float") ? baseType + "send" : baseType + "_send")
                    + "("
                    + quoted
                    + ")";
        }
        return FLOATING.contains(elementType) ? "pg_catalog.array_send(" + quoted + ")" : quoted;
    }

    /** The text of a whole row of these columns. */
    static String ofRow(List<ColumnText> columns, boolean floatsAsBytes) {
        return columns.stream()
                .map(column -> column.expression(floatsAsBytes))
                .collect(Collectors.joining(", ", "ROW(", ")::pg_catalog.text"));
    }
}
