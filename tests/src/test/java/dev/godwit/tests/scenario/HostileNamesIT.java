// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.postgres.Identifiers;
import dev.godwit.tests.compare.Catalog;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Names with quotes, spaces, umlauts, dots, 63 bytes and SQL in them are names like others. */
@MigrationTest
class HostileNamesIT {
    private static final List<String> NAMES =
            List.of(
                    "plain",
                    "select",
                    "with \"quotes\" and 'ticks'",
                    "Größe & Maß 100% \\ $1 ?",
                    "a.b",
                    "; DROP TABLE \"plain\"; --",
                    "é".repeat(31) + "x",
                    " leading and trailing ");

    private final MigrationHarness harness;

    HostileNamesIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void arriveEqual() {
        // Given
        Database source = harness.database(15, "Bücher \"r\" us/ö? 'x' %41 &;");
        Database target = harness.database(18, "bücher. \"ziel\" +#:@");
        List<String> create = new ArrayList<>();
        List<String> fill = new ArrayList<>();
        List<String> change = new ArrayList<>();
        for (String schema : List.of("a", "a.b", NAMES.get(2), NAMES.get(6))) {
            String quoted = Identifiers.quote(schema);
            create.add("CREATE SCHEMA " + quoted);
            String type = quoted + "." + Identifiers.quote("Typ \"" + schema.length() + "\"");
            create.add("CREATE TYPE " + type + " AS ENUM ('eins', 'zw''ei \"2\"')");
            for (String name : NAMES) {
                table(quoted, name, type, create, fill, change);
            }
        }
        source.executeAs(Roles.MIGRATOR, create.toArray(String[]::new));
        target.executeAs(Roles.MIGRATOR, create.toArray(String[]::new));
        source.execute(fill.toArray(String[]::new));
        List<String> before = Catalog.of(target);

        // When
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute(change.toArray(String[]::new));
        migration.cutOver(true);

        // Then
        MigrationHarness.requireEqual(source, target);
        assertThat(Catalog.of(target)).isEqualTo(before);
        assertThat(migration.status().json().path("tables").size()).isEqualTo(4 * NAMES.size());
    }

    private static void table(
            String schema,
            String name,
            String type,
            List<String> create,
            List<String> fill,
            List<String> change) {
        String table = schema + "." + Identifiers.quote(name);
        String key = Identifiers.quote("key " + shortened(name));
        String value = Identifiers.quote("Wert " + shortened(name));
        create.add(
                "CREATE TABLE %s (%s int PRIMARY KEY, %s text, %s %s DEFAULT 'eins')"
                        .formatted(table, key, value, Identifiers.quote(name), type));
        create.add("CREATE INDEX ON %s (%s)".formatted(table, value));
        fill.add(
                "INSERT INTO %s SELECT i, 'Wert ' || i, 'zw''ei \"2\"' FROM generate_series(1, 20) i"
                        .formatted(table));
        change.add(
                "UPDATE %s SET %s = %s || '\\\\' WHERE %s < 5".formatted(table, value, value, key));
        change.add("UPDATE %s SET %s = %s + 100 WHERE %s = 6".formatted(table, key, key, key));
        change.add("DELETE FROM %s WHERE %s = 9".formatted(table, key));
        change.add("INSERT INTO %s VALUES (50, NULL, NULL)".formatted(table));
    }

    private static String shortened(String name) {
        return name.length() > 20 ? name.substring(0, 20) : name;
    }
}
