// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.types;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.postgres.VersionPair;
import dev.godwit.tests.types.TypePage.Cell;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Every type and its array arrive as they were, loaded, inserted, updated and deleted, and
 * docs/supported.md says what was found. The long form goes from each version to each that it may
 * go to, the short one through three pairs; {@code -Dgodwit.docs.write=true} writes the table of
 * the long form.
 */
@MigrationTest
class TypeTableIT {
    private static final boolean WRITE = Boolean.getBoolean("godwit.docs.write");
    private static final TypePage PAGE = new TypePage(Path.of("..", "docs", "supported.md"));
    private static final List<VersionPair> SHORT =
            List.of(new VersionPair(10, 18), new VersionPair(13, 18), new VersionPair(18, 18));

    private final MigrationHarness harness;

    TypeTableIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void arriveAsTheyWereAndAsTheDocsSay() throws IOException {
        Map<Integer, List<TypeVerdicts>> bySource = new TreeMap<>();
        List<String> differences = new ArrayList<>();
        for (VersionPair pair : MigrationHarness.SOAK ? VersionPair.ALL : SHORT) {
            TypeVerdicts verdicts = migrate(pair);
            bySource.computeIfAbsent(pair.source(), source -> new ArrayList<>()).add(verdicts);
            verdicts.differences().forEach(line -> differences.add(pair + ": " + line));
        }
        Map<Cell, String> cells = new HashMap<>();
        if (!MigrationHarness.SOAK) {
            // What this run did not look at is left as it stands.
            cells.putAll(PAGE.cells());
        }
        bySource.forEach((source, pairs) -> cells.putAll(TypePage.measured(source, pairs)));
        String table = TypePage.render(cells);
        if (WRITE) {
            assertThat(MigrationHarness.SOAK).as("only the long form may be written").isTrue();
            PAGE.write(table);
        }

        assertThat(differences).isEmpty();
        assertThat(PAGE.table()).isEqualTo(table);
    }

    private TypeVerdicts migrate(VersionPair pair) {
        // Given
        Database source = harness.database(pair.source(), "types_source");
        Database target = harness.database(pair.target(), "types_target");
        List<TypeTables> tables =
                TypeCatalog.ALL.stream()
                        .map(group -> new TypeTables(group.in(pair.source()).in(pair.target())))
                        .toList();
        for (Database database : List.of(source, target)) {
            create(database, pair, tables);
        }
        tables.forEach(group -> source.transact(group.load().toArray(String[]::new)));

        // When
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        tables.forEach(group -> source.execute(group.syncOne().toArray(String[]::new)));
        migration.awaitNothingPending();
        tables.forEach(group -> source.transact(group.syncMany().toArray(String[]::new)));
        try {
            migration.cutOver(false);
        } catch (IllegalStateException stopped) {
            throw new AssertionError(
                    pair + ": " + TypeVerdicts.of(source, target, tables).differences(), stopped);
        }

        // Then
        TypeVerdicts verdicts = TypeVerdicts.of(source, target, tables);
        source.drop();
        target.drop();
        return verdicts;
    }

    private static void create(Database database, VersionPair pair, List<TypeTables> tables) {
        for (String extension : TypeCatalog.EXTENSIONS) {
            database.execute("CREATE EXTENSION %s SCHEMA public".formatted(extension));
        }
        database.executeAs(
                Roles.MIGRATOR, TypeCatalog.create(pair.source()).toArray(String[]::new));
        tables.forEach(
                group -> database.executeAs(Roles.MIGRATOR, group.create().toArray(String[]::new)));
    }
}
