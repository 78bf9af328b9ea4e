// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.tests.compare.Catalog;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationRequest;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import dev.godwit.tests.workload.Trade;
import dev.godwit.tests.workload.Writer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A part of a database, under other names, arrives exactly; the rest of the target stays as it is.
 */
@MigrationTest
class MappingIT {
    private static final int ROWS = 600;

    private final MigrationHarness harness;

    MappingIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @ParameterizedTest(name = "{0} to {1}")
    @CsvSource({"15, 18", "18, 18"})
    void rowsColumnsAndNamesArriveAsMapped(int from, int to) {
        // Given
        Trade trade = new Trade(ROWS);
        Database source = trade.fillSource(harness.database(from, "trade_source"));
        Database target = Trade.createTarget(harness.database(to, "trade_target"));
        List<String> before = Catalog.of(target);
        long seed = MigrationHarness.seeded("mapping").nextLong();

        // When
        DatabaseStatus end;
        RunningMigration migration;
        try (Writer writer = Writer.start(source, trade, seed, 3, 120)) {
            migration = harness.start(request(source, target), source.name());
            migration.awaitState("ready_to_cutover");
            long wanted = writer.committed() + 400;
            migration.await("the sync", status -> writer.committed() >= wanted);
            source.execute(
                    "TRUNCATE sales.stock",
                    "INSERT INTO sales.stock VALUES ('eu', 1, 1), ('us', 2, 2)");
            long more = writer.committed() + 100;
            migration.await("the sync", status -> writer.committed() >= more);
            end = migration.cutOver(true);
        }

        // Then
        assertThat(Trade.differences(source, target)).isEmpty();
        assertThat(Catalog.of(target)).isEqualTo(before);
        assertThat(target.query("SELECT words FROM crm.diary")).containsExactly("of the target");
        assertThat(target.query("SELECT DISTINCT email, number FROM crm.customer"))
                .containsExactly("hidden|7");
        assertThat(end.applied()).isEqualTo(end.incoming()).isPositive();
        requireNames(migration, end);
        requireSequencesGoOn(source, target);
    }

    @Test
    void aColumnListNeedsNoNewSource() {
        Database source = harness.database(13, "columns_source");
        Database target = harness.database(15, "columns_target");
        source.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE person (secret text, id int PRIMARY KEY, photo bytea, name text)",
                "CREATE TABLE heap (a int, b text, c text)",
                "ALTER TABLE heap REPLICA IDENTITY FULL",
                "INSERT INTO person SELECT 's', i, 'p', 'n' || i FROM generate_series(1, 50) i",
                "INSERT INTO heap SELECT i % 3, 'same', i FROM generate_series(1, 30) i");
        target.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE person (id int PRIMARY KEY, name text, secret text DEFAULT 'none')",
                "CREATE TABLE heap (number bigserial PRIMARY KEY, b text, a int)");
        RunningMigration migration =
                harness.start(
                        harness.request(source, target)
                                .mapping("public.person", Map.of("columns", List.of("id", "name")))
                                .mapping("public.heap", Map.of("columns", List.of("b", "a"))),
                        source.name());
        migration.awaitState("ready_to_cutover");
        source.execute(
                "UPDATE person SET secret = repeat('s', 9000), photo = NULL",
                "UPDATE person SET id = id + 100, name = name || '!' WHERE id < 10",
                "ALTER TABLE person ADD COLUMN more text, DROP COLUMN photo",
                "INSERT INTO person VALUES ('s', 7, 'new', 'more')",
                "DELETE FROM person WHERE id = 20",
                "UPDATE heap SET c = 'other' WHERE a = 1",
                "UPDATE heap SET b = 'second' WHERE c = '3'",
                "DELETE FROM heap WHERE c IN ('6', '7')");
        migration.cutOver(true);
        assertThat(target.query("SELECT id, name, secret FROM person ORDER BY 1"))
                .isEqualTo(source.query("SELECT id, name, 'none' FROM person ORDER BY 1"));
        assertThat(target.query("SELECT a, b FROM heap ORDER BY 1, 2"))
                .isEqualTo(source.query("SELECT a, b FROM heap ORDER BY 1, 2"));
    }

    @Test
    void aTargetRowOutsideOfTheFilterIsADifference() {
        Database source = harness.database(15, "outside_source");
        Database target = harness.database(18, "outside_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(Roles.MIGRATOR, "CREATE TABLE t (id int PRIMARY KEY, v int)");
        }
        source.execute("INSERT INTO t SELECT i, i FROM generate_series(1, 20) i");
        RunningMigration migration =
                harness.start(
                        harness.request(source, target)
                                .mapping("public.t", Map.of("where", "id <= 10")),
                        source.name());
        migration.awaitState("ready_to_cutover");
        target.execute("INSERT INTO t VALUES (11, 11)");

        migration.expect202(migration.startCutover(true));
        migration.await("the fence", DatabaseStatus::fenced);
        migration.applyAccepted();

        assertThat(migration.awaitState("failed").failureCode()).isEqualTo("ROWS_DIFFER");
        target.execute("DELETE FROM t WHERE id = 11");
        migration.expect202(migration.retry());
        migration.awaitState("completed");
        assertThat(target.query("SELECT count(*), max(id) FROM t")).containsExactly("10|10");
    }

    @Test
    void unselectedTablesStayAsTheyAre() {
        Database source = harness.database(15, "chosen_source");
        Database target = harness.database(18, "chosen_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE chosen (id int PRIMARY KEY, v text)",
                    "CREATE TABLE other (id int PRIMARY KEY, v text)",
                    "CREATE TABLE chosen_too (id int PRIMARY KEY, v text)",
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'fired'; END $$",
                    "CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON other FOR EACH ROW EXECUTE FUNCTION refuse()");
        }
        source.execute(
                "INSERT INTO chosen SELECT i, 'v' FROM generate_series(1, 100) i",
                "INSERT INTO chosen_too SELECT i, 'v' FROM generate_series(1, 100) i",
                "ALTER TABLE other DISABLE TRIGGER guard",
                "INSERT INTO other SELECT i, 'of the source' FROM generate_series(1, 100) i");
        target.execute(
                "ALTER TABLE other DISABLE TRIGGER guard",
                "INSERT INTO other SELECT i, 'of the target' FROM generate_series(1, 100) i",
                "ALTER TABLE other ENABLE ALWAYS TRIGGER guard",
                "ALTER TABLE other ADD chosen int REFERENCES chosen",
                "VACUUM (FREEZE) other");
        List<String> before = bytes(target);
        List<String> catalog = Catalog.of(target);

        RunningMigration migration =
                harness.start(
                        harness.request(source, target).tables("public.*", "!public.oth*"),
                        source.name());
        migration.awaitState("ready_to_cutover");
        source.execute("UPDATE other SET v = 'changed'", "UPDATE chosen SET v = 'changed'");
        migration.awaitNothingPending();
        assertThat(bytes(target)).isEqualTo(before);
        migration.cutOver(true);

        assertThat(bytes(target)).isEqualTo(before);
        assertThat(Catalog.of(target)).isEqualTo(catalog);
        assertThat(target.query("SELECT DISTINCT v FROM chosen")).containsExactly("changed");
        assertThat(migration.status().json().path("tables").size()).isEqualTo(2);
    }

    @Test
    void aFilterNeedsASourceThatFilters() {
        Database source = harness.database(14, "old_source");
        Database target = harness.database(15, "old_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(Roles.MIGRATOR, "CREATE TABLE t (id int PRIMARY KEY)");
        }
        RunningMigration migration =
                harness.start(
                        harness.request(source, target)
                                .mapping("public.t", Map.of("where", "id > 1")),
                        source.name());
        assertThat(migration.awaitState("failed").failureCode()).isEqualTo("FILTER_NEEDS_15");
        assertThat(source.query("SELECT * FROM pg_publication")).isEmpty();
    }

    private MigrationRequest request(Database source, Database target) {
        MigrationRequest request = harness.request(source, target).tables("!sales.diary");
        Trade.MAPPINGS.forEach(request::mapping);
        return request;
    }

    /** The file itself, and what would fire. */
    private static List<String> bytes(Database target) {
        target.execute("CHECKPOINT");
        return target.query(
                """
                SELECT md5(pg_read_binary_file(pg_relation_filepath('other'))), pg_relation_filenode('other'),
                  pg_relation_filenode('other_pkey'),
                  (SELECT string_agg(tgname || '=' || tgenabled::text, ',' ORDER BY 1) FROM pg_trigger WHERE tgrelid = 'other'::regclass AND NOT tgisinternal)
                """);
    }

    private static void requireNames(RunningMigration migration, DatabaseStatus end) {
        var names = new java.util.TreeMap<String, String>();
        for (JsonNode table : migration.status().json().path("tables")) {
            names.put(table.path("tableName").asText(), table.path("sourceTableName").asText());
        }
        assertThat(names)
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "crm.Bestellung", "sales.orders",
                                "crm.stock", "sales.stock",
                                "crm.event", "sales.event",
                                "crm.customer", "sales.customer"));
        var compared = new java.util.TreeMap<String, String>();
        for (JsonNode table : end.report().path("comparisons")) {
            compared.put(table.path("target").asText(), table.path("source").asText());
        }
        assertThat(compared).isEqualTo(names);
    }

    private static void requireSequencesGoOn(Database source, Database target) {
        assertThat(target.query("SELECT last_value, is_called FROM crm.\"Bestellung_id_seq\""))
                .isEqualTo(source.query("SELECT last_value, is_called FROM sales.orders_id_seq"));
        assertThat(target.query("SELECT last_value, is_called FROM crm.event_id_seq"))
                .isEqualTo(source.query("SELECT last_value, is_called FROM sales.event_id_seq"));
        assertThat(target.query("SELECT last_value, is_called FROM crm.ticket"))
                .isEqualTo(source.query("SELECT last_value, is_called FROM sales.ticket"));
        target.execute("INSERT INTO crm.\"Bestellung\" (amount) VALUES (1)");
    }
}
