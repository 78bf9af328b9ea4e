// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import dev.godwit.postgres.Identifiers;
import java.util.ArrayList;
import java.util.List;

/**
 * Changes of tables while their rows change. Only columns that are added here are renamed, altered
 * and dropped, so the transactions' statements stay right.
 */
public final class Alterations {
    private static final SqlType NARROW = BuiltInTypes.SMALL_NUMBER.named("smallint");

    private final Dice dice;
    private final List<RandomTable> tables;
    private final TypeDeck deck;
    private final List<Added> added = new ArrayList<>();
    private int named;

    private record Added(RandomTable table, String column, boolean narrow) {}

    /**
     * The same statement for both sides.
     *
     * @param targetFirst whether the target may have it before the source
     */
    public record Alteration(String statement, boolean targetFirst) {}

    public Alterations(RandomSchema schema, long seed, int major) {
        this.dice = Dice.of(seed * 17);
        this.tables = schema.tables();
        this.deck = new TypeDeck(dice, major, List.of());
    }

    public Alteration next() {
        if (added.isEmpty() || dice.chance(50)) {
            return add();
        }
        Added some = dice.pick(added);
        added.remove(some);
        String alter = "ALTER TABLE " + some.table().name();
        return switch (dice.below(3)) {
            case 0 -> {
                Added other = new Added(some.table(), newName(), some.narrow());
                added.add(other);
                yield new Alteration(
                        "%s RENAME %s TO %s".formatted(alter, some.column(), other.column()),
                        false);
            }
            case 1 ->
                    some.narrow()
                            ? new Alteration(
                                    "%s ALTER %s TYPE bigint".formatted(alter, some.column()),
                                    false)
                            : new Alteration(
                                    "%s ALTER %s SET DEFAULT NULL".formatted(alter, some.column()),
                                    true);
            default -> new Alteration("%s DROP %s".formatted(alter, some.column()), false);
        };
    }

    private Alteration add() {
        RandomTable table = dice.pick(tables);
        boolean narrow = dice.chance(50);
        SqlType type = narrow ? NARROW : deck.any();
        Added column = new Added(table, newName(), narrow);
        added.add(column);
        return new Alteration(
                "ALTER TABLE %s ADD %s %s DEFAULT %s"
                        .formatted(
                                table.name(),
                                column.column(),
                                type.name(),
                                Identifiers.literal(type.shortly(dice))),
                dice.chance(50));
    }

    private String newName() {
        named++;
        return Identifiers.quote("added " + named);
    }
}
