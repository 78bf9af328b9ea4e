// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import dev.godwit.tests.workload.random.RandomColumn.Nature;
import dev.godwit.tests.workload.random.RandomTable.Trait;

/** Tables that are no partitions, by what finds their rows. */
final class TableShapes {
    /** From here on a replica identity may not hold a generated column. */
    private static final int GENERATED_NOT_IDENTIFYING = 18;

    /** From here on a collation may call different texts equal. */
    static final int FOLDING = 12;

    private static final int GENERATED = 12;
    private static final int VIRTUAL = 18;
    private static final int NULLS_NOT_DISTINCT = 15;

    private final Dice dice;
    private final int major;
    private final TypeDeck deck;

    TableShapes(Dice dice, int major, TypeDeck deck) {
        this.dice = dice;
        this.major = major;
        this.deck = deck;
    }

    TableDraft keyed(TableDraft draft) {
        if (dice.chance(20) && major >= FOLDING) {
            draft.addFoldedKey();
        } else {
            draft.addKey(deck.ordered());
        }
        return primaryKey(draft);
    }

    TableDraft composite(TableDraft draft) {
        for (int i = 0, count = dice.between(2, 3); i < count; i++) {
            draft.addKey(deck.ordered(), 9);
        }
        return primaryKey(draft);
    }

    TableDraft identity(TableDraft draft, Nature nature) {
        draft.key.add(draft.addIdentity(nature));
        return primaryKey(draft);
    }

    /** Its primary key is not what finds its rows, if it has one. */
    TableDraft indexIdentity(TableDraft draft) {
        draft.addKey(deck.ordered());
        if (dice.chance(50)) {
            draft.addKey(deck.ordered(), 9);
        }
        draft.traits.add(Trait.ARBITER);
        String index = draft.sub("identity");
        draft.after.add(
                "CREATE UNIQUE INDEX %s ON %s (%s)"
                        .formatted(index, draft.name(), draft.keyNames()));
        draft.after.add(
                "ALTER TABLE %s REPLICA IDENTITY USING INDEX %s".formatted(draft.name(), index));
        if (dice.chance(50)) {
            RandomColumn number = draft.addIdentity(Nature.IDENTITY_BY_DEFAULT);
            draft.constraints.add("PRIMARY KEY (" + number.name() + ")");
        }
        values(draft, true);
        return draft;
    }

    TableDraft fullKeyed(TableDraft draft) {
        draft.addKey(deck.ordered());
        if (dice.chance(50)) {
            draft.addKey(deck.ordered(), 9);
        }
        draft.traits.add(Trait.ARBITER);
        draft.constraints.add("PRIMARY KEY (" + draft.keyNames() + ")");
        identityFull(draft);
        values(draft, major < GENERATED_NOT_IDENTIFYING);
        uniques(draft);
        return draft;
    }

    TableDraft keyless(TableDraft draft) {
        identityFull(draft);
        values(draft, major < GENERATED_NOT_IDENTIFYING);
        return draft;
    }

    TableDraft deferrableUnique(TableDraft draft) {
        draft.addKey(deck.ordered());
        draft.traits.add(Trait.ARBITER);
        draft.traits.add(Trait.DEFERRABLE);
        draft.constraints.add("PRIMARY KEY (" + draft.keyNames() + ")");
        RandomColumn place = draft.addUnique(deck.ordered());
        draft.constraints.add("UNIQUE (" + place.name() + ") " + deferrable());
        if (dice.chance(30)) {
            exclusion(draft, deferrable());
        }
        values(draft, true);
        return draft;
    }

    /** PostgreSQL takes no deferrable key as a replica identity. */
    TableDraft deferrableKey(TableDraft draft) {
        RandomColumn place = draft.addKey(deck.ordered());
        draft.unique.add(place);
        draft.traits.add(Trait.DEFERRABLE);
        draft.constraints.add("PRIMARY KEY (" + place.name() + ") " + deferrable());
        identityFull(draft);
        values(draft, major < GENERATED_NOT_IDENTIFYING);
        return draft;
    }

    /** A column for each type that no other table has. */
    TableDraft leftovers(TableDraft draft) {
        draft.addKey(BuiltInTypes.INTEGER);
        deck.left().forEach(type -> draft.add(RandomColumn.plain(draft.newColumn(), type)));
        return primaryKey(draft);
    }

    TableDraft withoutColumns(TableDraft draft) {
        identityFull(draft);
        return draft;
    }

    /** Value columns, the note among them, and now and then generated ones. */
    void values(TableDraft draft, boolean generated) {
        draft.addValues(deck, dice.between(5, 12));
        draft.addNote();
        if (generated && dice.chance(40) && major >= GENERATED) {
            draft.addGenerated(major >= VIRTUAL && dice.chance(50) ? "VIRTUAL" : "STORED");
        }
    }

    SqlType ordered() {
        return deck.ordered();
    }

    private TableDraft primaryKey(TableDraft draft) {
        draft.traits.add(Trait.ARBITER);
        draft.constraints.add("PRIMARY KEY (" + draft.keyNames() + ")");
        values(draft, true);
        uniques(draft);
        return draft;
    }

    private void uniques(TableDraft draft) {
        if (!dice.chance(60)) {
            return;
        }
        switch (dice.below(5)) {
            case 0 -> {
                RandomColumn column = draft.addUnique(deck.ordered());
                draft.constraints.add("UNIQUE (" + column.name() + ")");
            }
            case 1 -> {
                RandomColumn column = draft.addUnique(deck.ordered());
                index(draft, column.name(), "WHERE note IS NOT NULL");
            }
            case 2 -> {
                RandomColumn column = draft.addUnique(BuiltInTypes.SMALL_NUMBER);
                index(draft, "abs(" + column.name() + ")", "");
            }
            case 3 -> {
                RandomColumn column = draft.addUnique(deck.ordered());
                index(
                        draft,
                        column.name(),
                        major >= NULLS_NOT_DISTINCT ? "NULLS NOT DISTINCT" : "");
            }
            default -> exclusion(draft, "");
        }
    }

    private static void index(TableDraft draft, String expression, String clause) {
        draft.after.add(
                "CREATE UNIQUE INDEX ON %s (%s) %s".formatted(draft.name(), expression, clause));
    }

    private void exclusion(TableDraft draft, String clause) {
        SqlType tens =
                SqlType.ordered(
                        "int4range",
                        some -> {
                            int from = 10 * some.below(20);
                            return "[%d,%d)".formatted(from, from + some.between(5, 12));
                        },
                        "empty");
        RandomColumn column = draft.addUnique(tens);
        draft.constraints.add(
                "EXCLUDE USING gist (%s WITH &&) %s".formatted(column.name(), clause));
    }

    private String deferrable() {
        return dice.pick("DEFERRABLE INITIALLY DEFERRED", "DEFERRABLE");
    }

    private static void identityFull(TableDraft draft) {
        draft.after.add("ALTER TABLE " + draft.name() + " REPLICA IDENTITY FULL");
    }
}
