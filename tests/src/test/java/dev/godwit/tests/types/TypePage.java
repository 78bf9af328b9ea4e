// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import dev.godwit.tests.postgres.VersionPair;
import dev.godwit.tests.types.TypeTables.Path;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The docs' table of types: what each of them went through exactly, by the source's version. */
final class TypePage {
    static final String EXACT = "exact";
    private static final String NOT_CARRIED = "not carried";
    private static final String ABSENT = "-";
    private static final String BEGIN = "<!-- types: begin -->\n";
    private static final String END = "<!-- types: end -->\n";
    private static final String HEADER =
            "| %s | path |"
                    + versions().mapToObj(" %d |"::formatted).collect(Collectors.joining())
                    + "\n| --- | --- |"
                    + " --- |".repeat((int) versions().count())
                    + "\n";

    private final java.nio.file.Path page;

    TypePage(java.nio.file.Path page) {
        this.page = page;
    }

    /** What stands between the two marks. */
    String table() throws IOException {
        String text = Files.readString(page);
        return text.substring(text.indexOf(BEGIN) + BEGIN.length(), text.indexOf(END));
    }

    void write(String table) throws IOException {
        String text = Files.readString(page);
        Files.writeString(
                page,
                text.substring(0, text.indexOf(BEGIN) + BEGIN.length())
                        + table
                        + text.substring(text.indexOf(END)));
    }

    /** A cell: one type, one path, one version of the source. */
    record Cell(String type, Path path, int source) {}

    /** What the committed table says of each cell. */
    Map<Cell, String> cells() throws IOException {
        Map<Cell, String> cells = new HashMap<>();
        for (String line : table().lines().filter(row -> row.startsWith("| `")).toList()) {
            String[] columns = line.split(" *\\| *", -1);
            String type = columns[1].replace("`", "");
            for (String path : columns[2].split(", ", -1)) {
                for (int i = 3; i < columns.length - 1; i++) {
                    cells.put(
                            new Cell(
                                    type,
                                    Path.valueOf(path.toUpperCase(java.util.Locale.ROOT)),
                                    VersionPair.OLDEST + i - 3),
                            columns[i]);
                }
            }
        }
        return cells;
    }

    /** What a run says of a source's types, all its pairs together. */
    static Map<Cell, String> measured(int source, List<TypeVerdicts> pairs) {
        Map<Cell, String> cells = new HashMap<>();
        for (TypeVerdicts pair : pairs) {
            pair.exact()
                    .forEach((type, paths) ->
                            paths.forEach((path, exact) ->
                                    cells.merge(
                                            new Cell(type, path, source),
                                            exact ? EXACT : NOT_CARRIED,
                                            (one, other) -> one.equals(EXACT) ? other : one)));
        }
        return cells;
    }

    /** The table with these cells; one that is in none of them is told apart from all others. */
    static String render(Map<Cell, String> cells) {
        StringBuilder table = new StringBuilder();
        for (TypeGroup group : TypeCatalog.ALL) {
            table.append('\n').append(HEADER.formatted(group.name()));
            for (TypeCase type : group.types()) {
                rows(type, cells)
                        .forEach((row, paths) ->
                                table.append(
                                        "| `%s` | %s | %s |\n"
                                                .formatted(
                                                        type.name(),
                                                        String.join(", ", paths),
                                                        row)));
            }
        }
        return table.append('\n').toString();
    }

    /** Paths that say the same share a row. */
    private static Map<String, List<String>> rows(TypeCase type, Map<Cell, String> cells) {
        Map<String, List<String>> rows = new LinkedHashMap<>();
        for (Path path : Path.values()) {
            String row =
                    versions()
                            .mapToObj(major ->
                                    type.in(major)
                                            ? cells.getOrDefault(
                                                    new Cell(type.name(), path, major), "not run")
                                            : ABSENT)
                            .collect(Collectors.joining(" | "));
            rows.computeIfAbsent(row, same -> new ArrayList<>()).add(path.label());
        }
        return rows;
    }

    private static IntStream versions() {
        return IntStream.rangeClosed(VersionPair.OLDEST, VersionPair.NEWEST);
    }
}
