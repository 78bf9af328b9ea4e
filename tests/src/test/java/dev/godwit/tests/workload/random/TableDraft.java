// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import dev.godwit.postgres.Identifiers;
import dev.godwit.tests.workload.random.RandomColumn.Nature;
import dev.godwit.tests.workload.random.RandomTable.Trait;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** A table while it is being thought out, and the statements that create it on both sides. */
final class TableDraft {
    private static final int KEY_VALUES = 60;
    private static final int UNIQUE_VALUES = 16;

    /** As wide as an index takes it, and wide enough to be stored out of line. */
    private static final int OUT_OF_LINE = 2_300;

    private static final List<String> COLUMN_NAMES =
            List.of(
                    "v", "Select", "user", "Größe", "a \"b\"", "c.d", " x ", "$1", "?", "%s", "'q'",
                    "\\", "order");

    final List<RandomColumn> columns = new ArrayList<>();
    final List<RandomColumn> key = new ArrayList<>();
    final List<RandomColumn> unique = new ArrayList<>();
    final Set<Trait> traits = EnumSet.noneOf(Trait.class);
    final List<String> truncated = new ArrayList<>();
    final List<String> constraints = new ArrayList<>();

    /** Statements behind CREATE TABLE, the same on both sides. */
    final List<String> after = new ArrayList<>();

    final String schema;
    final String plainName;
    private final Dice dice;
    private int named;

    TableDraft(Dice dice, String schema, String plainName) {
        this.dice = dice;
        this.schema = schema;
        this.plainName = plainName;
        truncated.add(name());
    }

    String name() {
        return schema + "." + Identifiers.quote(plainName);
    }

    /** The name of something that belongs to it, without a schema. */
    String sub(String suffix) {
        return Identifiers.quote(plainName + " " + suffix);
    }

    /** The same of a table in its schema. */
    String beside(String suffix) {
        return schema + "." + sub(suffix);
    }

    String newColumn() {
        named++;
        return Identifiers.quote(dice.pick(COLUMN_NAMES) + named);
    }

    RandomColumn add(RandomColumn column) {
        columns.add(column);
        return column;
    }

    RandomColumn addKey(SqlType type, int values) {
        RandomColumn column = add(RandomColumn.pooled(newColumn(), type, pool(type, values), true));
        key.add(column);
        return column;
    }

    RandomColumn addKey(SqlType type) {
        return addKey(type, KEY_VALUES);
    }

    /** A key of which several texts are equal, by a collation that takes case away. */
    RandomColumn addFoldedKey() {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < KEY_VALUES / 3; i++) {
            String word = RandomText.word(dice) + dice.pick("", " ", "é", "\\N");
            words.addAll(List.of(word, word.toUpperCase(Locale.ROOT), "A" + word));
        }
        RandomColumn column =
                add(
                        RandomColumn.pooled(newColumn(), BuiltInTypes.TEXT, words, true)
                                .with("COLLATE " + schema + ".folded"));
        key.add(column);
        return column;
    }

    RandomColumn addUnique(SqlType type) {
        RandomColumn column =
                add(RandomColumn.pooled(newColumn(), type, pool(type, UNIQUE_VALUES), false));
        unique.add(column);
        return column;
    }

    RandomColumn addIdentity(Nature nature) {
        List<String> numbers = new ArrayList<>();
        for (int i = 1; i <= 4 * KEY_VALUES; i++) {
            numbers.add(Integer.toString(i));
        }
        String how = nature == Nature.IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT";
        RandomColumn column =
                add(
                        new RandomColumn(
                                newColumn(),
                                BuiltInTypes.INTEGER,
                                nature,
                                numbers,
                                true,
                                "GENERATED " + how + " AS IDENTITY"));
        return column;
    }

    /** The text column that every table has, for triggers and for generated columns. */
    void addNote() {
        add(RandomColumn.plain("note", BuiltInTypes.TEXT));
    }

    void addGenerated(String kind) {
        String expression = dice.pick("upper(note)", "md5(note)", "note || '!'");
        add(
                new RandomColumn(
                        newColumn(),
                        BuiltInTypes.TEXT,
                        Nature.GENERATED,
                        List.of(),
                        false,
                        "GENERATED ALWAYS AS (" + expression + ") " + kind));
    }

    void addValues(TypeDeck deck, int count) {
        for (int i = 0; i < count; i++) {
            RandomColumn column = RandomColumn.plain(newColumn(), deck.any());
            add(column);
            if (dice.chance(20)) {
                // Refused for types that are never out of line.
                after.add(
                        "DO $$BEGIN ALTER TABLE %s ALTER %s SET STORAGE EXTERNAL; EXCEPTION WHEN feature_not_supported THEN NULL; END$$"
                                .formatted(name(), column.name()));
            }
        }
    }

    String keyNames() {
        return names(key);
    }

    static String names(List<RandomColumn> columns) {
        return columns.stream().map(RandomColumn::name).collect(Collectors.joining(", "));
    }

    /** As the source has it; {@code behind} is PARTITION BY and the like. */
    List<String> source(String behind) {
        List<String> definitions =
                new ArrayList<>(columns.stream().map(RandomColumn::definition).toList());
        boolean dropped = dice.chance(30) && !columns.isEmpty();
        if (dropped) {
            definitions.add(dice.below(definitions.size()), "gone bytea DEFAULT '\\x00'");
        }
        List<String> statements = new ArrayList<>();
        statements.add(create(definitions, behind));
        if (dropped) {
            statements.add("ALTER TABLE " + name() + " DROP COLUMN gone");
        }
        return statements;
    }

    /** As the target has it: now and then in another order, with a column more. */
    List<String> target(String behind) {
        boolean other = dice.chance(30);
        List<String> definitions =
                new ArrayList<>(
                        (other ? dice.shuffled(columns) : columns)
                                .stream().map(RandomColumn::definition).toList());
        if (other && !columns.isEmpty()) {
            definitions.add("only_here integer DEFAULT 7");
        }
        return List.of(create(definitions, behind));
    }

    RandomTable table() {
        return new RandomTable(name(), columns, key, unique, traits, truncated);
    }

    private String create(List<String> definitions, String behind) {
        List<String> all = new ArrayList<>(definitions);
        all.addAll(constraints);
        return "CREATE TABLE %s (%s) %s".formatted(name(), String.join(", ", all), behind);
    }

    private List<String> pool(SqlType type, int values) {
        List<String> pool = new ArrayList<>();
        for (int i = 0; i < values; i++) {
            boolean outOfLine =
                    type.equals(BuiltInTypes.TEXT) && values == KEY_VALUES && dice.chance(10);
            pool.add(outOfLine ? RandomText.hex(dice, OUT_OF_LINE) : type.shortly(dice));
        }
        return pool.stream().distinct().toList();
    }
}
