// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import dev.godwit.tests.compare.TableText;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.types.TypeTables.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which paths each type went through exactly, from the text of its columns on both sides.
 *
 * @param exact by the type's name
 * @param differences one line for each value that is not exact
 */
record TypeVerdicts(Map<String, Map<Path, Boolean>> exact, List<String> differences) {
    private static final int ID = 0;
    private static final int PATH = 1;
    private static final int FIRST = 3;
    private static final int SHOWN = 60;

    static TypeVerdicts of(Database source, Database target, List<TypeTables> tables) {
        Map<String, Map<Path, Boolean>> exact = new HashMap<>();
        List<String> differences = new ArrayList<>();
        for (TypeTables group : tables) {
            for (String table : List.of(group.keyed(), group.keyless())) {
                List<String[]> from = TableText.source(source, target, table);
                List<String[]> to = TableText.of(target, table);
                for (int i = 0; i < group.group().types().size(); i++) {
                    String type = group.group().types().get(i).name();
                    for (Path path : Path.values()) {
                        List<String> expected = cells(from, path, FIRST + i);
                        List<String> found = cells(to, path, FIRST + i);
                        boolean equal = found.equals(expected);
                        exact.computeIfAbsent(type, name -> new EnumMap<>(Path.class))
                                .merge(path, equal, Boolean::logicalAnd);
                        if (!equal) {
                            differences.add(difference(type, path, table, expected, found));
                        }
                    }
                }
            }
        }
        return new TypeVerdicts(exact, differences);
    }

    private static List<String> cells(List<String[]> rows, Path path, int column) {
        return rows.stream()
                .filter(row -> row[PATH].equals(path.label()))
                .map(row -> row[ID] + " " + row[column])
                .sorted()
                .toList();
    }

    private static String difference(
            String type, Path path, String table, List<String> expected, List<String> found) {
        List<String> missing = new ArrayList<>(expected);
        missing.removeAll(found);
        List<String> others = new ArrayList<>(found);
        others.removeAll(expected);
        return "%s, %s in %s: %d values instead of %d; %s instead of %s"
                .formatted(
                        type,
                        path.label(),
                        table,
                        found.size(),
                        expected.size(),
                        first(others),
                        first(missing));
    }

    private static String first(List<String> cells) {
        String first = cells.isEmpty() ? "" : cells.getFirst();
        return first.length() <= SHOWN ? first : first.substring(0, SHOWN) + "...";
    }
}
