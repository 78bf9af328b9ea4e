// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.godwit.control.cutover.TableRules;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.WrittenName;
import dev.godwit.schemas.TableRule;
import dev.godwit.standalone.connection.InvalidArgumentException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How the user wants a table, or all tables of a schema, to travel.
 *
 * @param source schema.table or schema.*, as written
 * @param columns empty: all
 */
public record TableWish(
        String source, Optional<String> target, Optional<String> where, List<String> columns) {
    public TableWish {
        columns = List.copyOf(columns);
    }

    /**
     * Reads what follows --map (SOURCE=TARGET), --where (SOURCE=CONDITION) and --columns
     * (SOURCE=COLUMN,COLUMN); names with one of these characters stand in double quotes.
     */
    public static List<TableWish> read(
            List<String> maps, List<String> wheres, List<String> columns) {
        Map<String, String> targets = split("--map", maps);
        Map<String, String> conditions = split("--where", wheres);
        Map<String, String> lists = split("--columns", columns);
        var sources = new LinkedHashMap<String, String>(targets);
        sources.putAll(conditions);
        sources.putAll(lists);
        var wishes = new ArrayList<TableWish>();
        for (String source : sources.keySet()) {
            String list = lists.get(source);
            var wish =
                    new TableWish(
                            source,
                            Optional.ofNullable(targets.get(source)),
                            Optional.ofNullable(conditions.get(source)),
                            list == null
                                    ? List.of()
                                    : WrittenName.split(list, ',').stream()
                                            .map(WrittenName::name)
                                            .toList());
            wish.toRule();
            wishes.add(wish);
        }
        return List.copyOf(wishes);
    }

    /**
     * As the checks want it.
     *
     * @throws InvalidArgumentException if it cannot be meant
     */
    public TableRule toRule() {
        try {
            return TableRules.read(
                    "the mapping of " + source,
                    source,
                    target.orElse(null),
                    where.orElse(null),
                    listed());
        } catch (MigrationException e) {
            throw new InvalidArgumentException(e.what());
        }
    }

    void addTo(ArrayNode mappings) {
        ObjectNode mapping = mappings.addObject().put("source", source);
        target.ifPresent(name -> mapping.put("target", name));
        where.ifPresent(condition -> mapping.put("where", condition));
        if (!columns.isEmpty()) {
            ArrayNode names = mapping.putArray("columns");
            columns.forEach(names::add);
        }
    }

    /** As options and their values. */
    List<Map.Entry<String, String>> written() {
        var options = new ArrayList<Map.Entry<String, String>>();
        target.ifPresent(name -> options.add(Map.entry("--map", source + "=" + name)));
        where.ifPresent(condition -> options.add(Map.entry("--where", source + "=" + condition)));
        if (!columns.isEmpty()) {
            options.add(
                    Map.entry(
                            "--columns",
                            source
                                    + "="
                                    + columns.stream()
                                            .map(TableWish::quoted)
                                            .collect(Collectors.joining(","))));
        }
        return options;
    }

    private @Nullable List<String> listed() {
        return columns.isEmpty() ? null : columns;
    }

    private static String quoted(String column) {
        return column.chars().anyMatch(c -> c == ',' || c == '"')
                ? '"' + column.replace("\"", "\"\"") + '"'
                : column;
    }

    private static Map<String, String> split(String option, List<String> values) {
        var bySource = new LinkedHashMap<String, String>();
        for (String value : values) {
            int equals = WrittenName.indexOf(value, '=', 0);
            if (equals <= 0 || equals == value.length() - 1) {
                throw new InvalidArgumentException(
                        option + " " + value + ": write schema.table=" + rest(option));
            }
            if (bySource.put(
                            value.substring(0, equals).strip(), value.substring(equals + 1).strip())
                    != null) {
                throw new InvalidArgumentException(
                        option + " " + value + ": this table is named twice");
            }
        }
        return bySource;
    }

    private static String rest(String option) {
        return switch (option) {
            case "--map" -> "schema.table, or schema.*=schema.*";
            case "--where" -> "condition";
            default -> "column,column";
        };
    }
}
