// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import dev.godwit.tests.workload.random.RandomColumn.Nature;
import dev.godwit.tests.workload.random.RandomTable.Trait;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A partitioned table of two levels with a default partition. */
final class PartitionedShape {
    /** From here on a partitioned table has keys, and a default partition. */
    static final int KEYS_ON_ROOT = 11;

    /** From here on it has all triggers that other tables have. */
    static final int ROW_TRIGGERS = 13;

    private static final List<String> LEAVES = List.of("low", "high", "few", "many", "rest");
    private static final List<String> NUMBERS =
            IntStream.range(0, 12).mapToObj(Integer::toString).toList();

    private final TableShapes shapes;
    private final Keys keys;
    private final boolean list;
    private final boolean rest;

    /** Where its primary keys are. */
    enum Keys {
        ON_ROOT,
        ON_LEAVES,
        NONE
    }

    PartitionedShape(Dice dice, TableShapes shapes, Keys keys, int major) {
        this.shapes = shapes;
        this.keys = keys;
        this.list = dice.chance(50);
        this.rest = major >= KEYS_ON_ROOT;
    }

    TableDraft root(TableDraft draft) {
        for (String name : List.of("part", "sub")) {
            draft.add(
                    new RandomColumn(name, BuiltInTypes.INTEGER, Nature.PLAIN, NUMBERS, true, ""));
        }
        switch (keys) {
            case ON_ROOT -> {
                draft.key.addAll(draft.columns);
                draft.addKey(shapes.ordered(), 9);
                draft.traits.add(Trait.ARBITER);
                draft.constraints.add("PRIMARY KEY (" + draft.keyNames() + ")");
            }
            case ON_LEAVES -> draft.addKey(shapes.ordered());
            case NONE -> {}
        }
        shapes.values(draft, false);
        LEAVES.forEach(leaf -> draft.truncated.add(draft.beside(leaf)));
        return draft;
    }

    String partitionBy() {
        return list ? "PARTITION BY LIST (part)" : "PARTITION BY RANGE (part)";
    }

    /** Leaves low and high by part, few and many by part and sub, rest for what is left. */
    List<String> leaves(TableDraft draft) {
        String root = draft.name();
        String middle = draft.beside("middle");
        List<String> create = new ArrayList<>();
        create.add(partition(draft, "low", root, values(0, 3)));
        create.add(partition(draft, "high", root, values(3, 5)));
        create.add(partition(draft, "middle", root, values(5, 8) + " PARTITION BY RANGE (sub)"));
        create.add(partition(draft, "few", middle, "FOR VALUES FROM (MINVALUE) TO (4)"));
        create.add(partition(draft, "many", middle, "FOR VALUES FROM (4) TO (MAXVALUE)"));
        create.add(partition(draft, "rest", root, rest ? "DEFAULT" : values(8, 11)));
        for (String leaf : LEAVES) {
            switch (keys) {
                case ON_ROOT -> {}
                case ON_LEAVES ->
                        create.add(
                                "ALTER TABLE %s ADD PRIMARY KEY (%s)"
                                        .formatted(draft.beside(leaf), draft.keyNames()));
                case NONE ->
                        create.add("ALTER TABLE " + draft.beside(leaf) + " REPLICA IDENTITY FULL");
            }
        }
        return create;
    }

    /** From, without to. */
    private String values(int from, int to) {
        return list
                ? "FOR VALUES IN (" + String.join(", ", NUMBERS.subList(from, to)) + ")"
                : "FOR VALUES FROM (%d) TO (%d)".formatted(from, to);
    }

    private static String partition(TableDraft draft, String name, String of, String bounds) {
        return "CREATE TABLE %s PARTITION OF %s %s".formatted(draft.beside(name), of, bounds);
    }
}
