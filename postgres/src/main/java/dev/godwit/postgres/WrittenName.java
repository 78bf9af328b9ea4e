// SPDX-License-Identifier: Apache-2.0
package dev.godwit.postgres;

import java.util.ArrayList;
import java.util.List;

/**
 * A name as an operator writes it: as it is, or in double quotes where it holds a separator, a
 * quote, or a lone star. Unlike in SQL, nothing is folded to lower case.
 *
 * @param name unquoted
 */
public record WrittenName(String name, boolean quoted) {
    private static final char QUOTE = '"';

    /** A star that stands for every name. */
    public boolean any() {
        return !quoted && name.equals("*");
    }

    /** The parts between separators that stand outside of quotes; at least one. */
    public static List<WrittenName> split(String text, char separator) {
        var names = new ArrayList<WrittenName>();
        int from = 0;
        for (int end = indexOf(text, separator, from); end >= 0; ) {
            names.add(of(text.substring(from, end)));
            from = end + 1;
            end = indexOf(text, separator, from);
        }
        names.add(of(text.substring(from)));
        return List.copyOf(names);
    }

    /** A table's name as an operator would write it. */
    public static String text(TableName name) {
        return text(name.schema()) + "." + text(name.name());
    }

    /** The same as one word of a POSIX shell's command line. */
    public static String shellWord(TableName name) {
        return "'" + text(name).replace("'", "'\\''") + "'";
    }

    private static String text(String part) {
        boolean plain =
                !part.equals("*")
                        && part.equals(part.strip())
                        && part.chars().noneMatch(c -> c == QUOTE || c == '.');
        return plain ? part : QUOTE + part.replace("\"", "\"\"") + QUOTE;
    }

    /** Where the character first stands outside of quotes, from there on; −1 if nowhere. */
    public static int indexOf(String text, char sought, int from) {
        boolean inQuotes = false;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == QUOTE) {
                inQuotes = !inQuotes;
            } else if (c == sought && !inQuotes) {
                return i;
            }
        }
        return -1;
    }

    private static WrittenName of(String part) {
        String text = part.strip();
        boolean quoted =
                text.length() > 1
                        && text.charAt(0) == QUOTE
                        && text.endsWith(Character.toString(QUOTE));
        return quoted
                ? new WrittenName(text.substring(1, text.length() - 1).replace("\"\"", "\""), true)
                : new WrittenName(text, false);
    }
}
