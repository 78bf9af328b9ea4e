// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import java.util.List;
import java.util.stream.Collectors;

/** Quoting (PostgreSQL docs, section 4.1: "Lexical Structure"). Every name is quoted, always. */
public final class Identifiers {
    private Identifiers() {}

    /** An identifier in double quotes. */
    public static String quote(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    /** A string literal, right whatever {@code standard_conforming_strings} says. */
    public static String literal(String text) {
        String quoted = '\'' + text.replace("'", "''") + '\'';
        return text.indexOf('\\') < 0 ? quoted : " E" + quoted.replace("\\", "\\\\");
    }

    /** Quoted identifiers, comma-separated. */
    public static String quoteAll(List<String> identifiers) {
        return identifiers.stream().map(Identifiers::quote).collect(Collectors.joining(", "));
    }
}
