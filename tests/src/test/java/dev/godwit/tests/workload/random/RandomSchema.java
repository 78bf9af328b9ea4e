// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.workload.random;

import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.workload.random.RandomColumn.Nature;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The tables of one seed, in several schemas with equal table names: each kind of key and shape
 * once at least, the types dealt out over all of them.
 */
public final class RandomSchema {
    private static final List<String> SCHEMAS =
            List.of("public", "\"a.b\"", "\"Größe & \"\"Maß\"\"\"");
    private static final List<String> NAMES =
            List.of(
                    "t",
                    "Order",
                    "select",
                    "a \"b\"",
                    "c.d",
                    "é".repeat(20),
                    " ",
                    "%s ?",
                    "it's",
                    "\\n",
                    "user");

    private final Dice dice;
    private final int major;
    private final TypeDeck deck;
    private final TableShapes shapes;
    private final List<String> source = new ArrayList<>();
    private final List<String> target = new ArrayList<>();
    private final List<RandomTable> tables = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    private RandomSchema(Dice dice, int major) {
        this.dice = dice;
        this.major = major;
        List<SqlType> own = new ArrayList<>(OwnTypes.ofExtensions());
        for (String schema : SCHEMAS) {
            own.addAll(new OwnTypes(schema).all());
        }
        this.deck = new TypeDeck(dice, major, own);
        this.shapes = new TableShapes(dice, major, deck);
    }

    /** The schema of this seed for a source of this version. */
    public static RandomSchema of(long seed, int major) {
        RandomSchema schema = new RandomSchema(Dice.of(seed), major);
        schema.draw();
        return schema;
    }

    List<RandomTable> tables() {
        return List.copyOf(tables);
    }

    /** All of the source, then all of the target. */
    List<String> statements() {
        return Stream.concat(source.stream(), target.stream()).toList();
    }

    /** Creates the tables on both sides, owned by the migrating role. */
    public void create(Database from, Database to) {
        for (Database database : List.of(from, to)) {
            for (String extension : OwnTypes.EXTENSIONS) {
                database.execute("CREATE EXTENSION %s SCHEMA public".formatted(extension));
            }
        }
        from.executeAs(Roles.MIGRATOR, source.toArray(String[]::new));
        to.executeAs(Roles.MIGRATOR, target.toArray(String[]::new));
    }

    private void draw() {
        for (String schema : SCHEMAS) {
            both(schemaObjects(schema));
        }
        for (int i = 0; i < 4; i++) {
            simple(shapes.keyed(draft()));
        }
        for (int i = 0; i < 2; i++) {
            simple(shapes.composite(draft()));
            simple(shapes.indexIdentity(draft()));
            simple(shapes.keyless(draft()));
        }
        simple(shapes.identity(draft(), Nature.IDENTITY_ALWAYS));
        simple(shapes.identity(draft(), Nature.IDENTITY_BY_DEFAULT));
        simple(shapes.fullKeyed(draft()));
        simple(shapes.deferrableUnique(draft()));
        simple(shapes.deferrableKey(draft()));
        simple(shapes.withoutColumns(draft()));
        partitioned(
                major >= PartitionedShape.KEYS_ON_ROOT
                        ? PartitionedShape.Keys.ON_ROOT
                        : PartitionedShape.Keys.ON_LEAVES);
        partitioned(dice.pick(PartitionedShape.Keys.ON_LEAVES, PartitionedShape.Keys.NONE));
        family();
        heritage();
        simple(shapes.leftovers(draft()));
    }

    private List<String> schemaObjects(String schema) {
        List<String> objects = new ArrayList<>();
        if (!schema.equals("public")) {
            objects.add("CREATE SCHEMA " + schema);
        }
        objects.addAll(new OwnTypes(schema).create());
        if (major >= TableShapes.FOLDING) {
            objects.add(new OwnTypes(schema).createFolded());
        }
        objects.add("CREATE TABLE %s.audit (who text, what text)".formatted(schema));
        objects.add("ALTER TABLE %s.audit REPLICA IDENTITY FULL".formatted(schema));
        objects.addAll(Reactions.functions(schema));
        tables.add(Reactions.audit(schema));
        return objects;
    }

    private TableDraft draft() {
        while (true) {
            String schema = dice.pick(SCHEMAS);
            String name = dice.pick(NAMES);
            if (names.add(schema + "." + name)) {
                return new TableDraft(dice, schema, name);
            }
        }
    }

    private void simple(TableDraft draft) {
        Reactions.add(dice, draft);
        source.addAll(draft.source(""));
        target.addAll(draft.target(""));
        both(draft.after);
        tables.add(draft.table());
    }

    private void partitioned(PartitionedShape.Keys keys) {
        PartitionedShape shape = new PartitionedShape(dice, shapes, keys, major);
        TableDraft draft = shape.root(draft());
        if (major >= PartitionedShape.ROW_TRIGGERS) {
            Reactions.add(dice, draft);
        }
        source.addAll(draft.source(shape.partitionBy()));
        source.addAll(shape.leaves(draft));
        source.addAll(draft.after);
        if (keys == PartitionedShape.Keys.ON_ROOT && dice.chance(40)) {
            target.addAll(draft.target(""));
            draft.truncated.clear();
            draft.truncated.add(draft.name());
        } else {
            target.addAll(draft.target(shape.partitionBy()));
            target.addAll(shape.leaves(draft));
        }
        target.addAll(draft.after);
        tables.add(draft.table());
    }

    private void family() {
        TableDraft parent = shapes.keyed(draft());
        parent.traits.add(RandomTable.Trait.REFERENCED);
        for (int i = 0; i < 2; i++) {
            TableDraft child = shapes.keyed(draft());
            RandomColumn of = parent.key.getFirst();
            RandomColumn reference =
                    child.add(
                            RandomColumn.pooled(child.newColumn(), of.type(), of.pool(), false)
                                    .with(of.clause()));
            child.after.add(
                    "ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s) %s"
                            .formatted(
                                    child.name(),
                                    reference.name(),
                                    parent.name(),
                                    of.name(),
                                    dice.pick(
                                            "ON DELETE CASCADE ON UPDATE CASCADE",
                                            "ON DELETE SET NULL ON UPDATE CASCADE",
                                            "ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
                                            "DEFERRABLE INITIALLY DEFERRED")));
            if (i == 0) {
                simple(parent);
            }
            simple(child);
        }
    }

    private void heritage() {
        TableDraft parent = shapes.keyed(draft());
        simple(parent);
        TableDraft heir = draft();
        heir.columns.addAll(parent.columns);
        heir.key.addAll(parent.key);
        heir.traits.add(RandomTable.Trait.ARBITER);
        RandomColumn further = RandomColumn.plain("further", deck.any());
        List<String> create =
                List.of(
                        "CREATE TABLE %s (%s, PRIMARY KEY (%s)) INHERITS (%s)"
                                .formatted(
                                        heir.name(),
                                        further.definition(),
                                        heir.keyNames(),
                                        parent.name()));
        both(create);
        heir.columns.add(further);
        tables.add(heir.table());
    }

    private void both(List<String> statements) {
        source.addAll(statements);
        target.addAll(statements);
    }

    @Override
    public String toString() {
        return "%d tables of PostgreSQL %d".formatted(tables.size(), major);
    }
}
