// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A plain dump, cut where pg_dump begins an object. An entry goes to the server whole, so nothing
 * here has to know where a statement ends: bodies of functions, quotes and BEGIN ATOMIC are the
 * server's affair.
 */
final class DumpEntries {
    private static final Pattern HEADER =
            Pattern.compile(
                    "^--\\n-- Name: (.*); Type: (.*); Schema: (.*); Owner: .*\\n--\\n",
                    Pattern.MULTILINE);

    /** psql's own commands: pg_dump writes one before the SQL, and one behind all of it. */
    private static final Pattern RESTRICT =
            Pattern.compile("\\A((?:--.*\\n|[ \\t]*\\n)*)\\\\restrict .*\\n");

    private static final Pattern UNRESTRICT =
            Pattern.compile("^\\\\unrestrict .*\\s*\\z", Pattern.MULTILINE);

    private DumpEntries() {}

    /**
     * One object of the dump.
     *
     * @param type as pg_dump names it, for example TABLE; empty for the settings in front
     */
    record Entry(String name, String type, String sql) {
        boolean settings() {
            return type.isEmpty();
        }

        boolean comment() {
            return type.equals("COMMENT");
        }
    }

    static List<Entry> of(String dump) {
        String sql = UNRESTRICT.matcher(RESTRICT.matcher(dump).replaceFirst("$1")).replaceFirst("");
        var entries = new ArrayList<Entry>();
        Matcher header = HEADER.matcher(sql);
        String name = "settings";
        String type = "";
        int start = 0;
        while (header.find()) {
            add(entries, name, type, sql.substring(start, header.start()));
            name = header.group(1);
            type = header.group(2);
            start = header.end();
        }
        add(entries, name, type, sql.substring(start));
        return entries;
    }

    private static void add(List<Entry> entries, String name, String type, String sql) {
        boolean empty = sql.lines().allMatch(line -> line.isBlank() || line.startsWith("--"));
        if (!empty) {
            entries.add(new Entry(name, type, sql));
        }
    }
}
