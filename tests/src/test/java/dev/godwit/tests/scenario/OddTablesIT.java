// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.postgres.Identifiers;
import dev.godwit.tests.compare.Catalog;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationRequest;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.Roles;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tables that inherit, whose counterparts look otherwise, whose values are out of line, or that are
 * refused in advance; and statements that are more than a row's change.
 */
@MigrationTest
class OddTablesIT {
    private static final String BYPASSER = "bypasser";

    private final MigrationHarness harness;

    OddTablesIT(MigrationHarness harness) {
        this.harness = harness;
    }

    @Test
    void aParentAndItsChildrenEachKeepTheirOwnRows() {
        Database source = harness.database(15, "family_source");
        Database target = harness.database(18, "family_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE elder (id int PRIMARY KEY, v text)",
                    "CREATE TABLE child (more int, PRIMARY KEY (id)) INHERITS (elder)",
                    "CREATE TABLE grandchild (PRIMARY KEY (id)) INHERITS (child)");
        }
        source.execute(
                "INSERT INTO elder SELECT i, 'elder' FROM generate_series(1, 100) i",
                "INSERT INTO child SELECT i, 'child', i FROM generate_series(50, 150) i",
                "INSERT INTO grandchild SELECT i, 'grandchild', i FROM generate_series(90, 200) i");
        List<String> before = Catalog.of(target);

        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute(
                "UPDATE elder SET v = v || '!' WHERE id % 2 = 0",
                "DELETE FROM child WHERE id = 95",
                "UPDATE ONLY child SET id = -id WHERE id > 140",
                "TRUNCATE ONLY elder",
                "INSERT INTO elder VALUES (95, 'again')",
                "TRUNCATE grandchild",
                "INSERT INTO grandchild VALUES (95, 'again', 1)");
        migration.cutOver(true);

        MigrationHarness.requireEqual(source, target);
        for (String table : List.of("elder", "child", "grandchild")) {
            assertThat(target.query("SELECT * FROM ONLY %s ORDER BY 1".formatted(table)))
                    .isEqualTo(source.query("SELECT * FROM ONLY %s ORDER BY 1".formatted(table)))
                    .isNotEmpty();
        }
        assertThat(Catalog.of(target)).isEqualTo(before);
    }

    @Test
    void aTargetMayHaveMoreColumnsInAnotherOrderAndObjectsThatWouldAlterRows() {
        Database source = harness.database(15, "order_source");
        Database target = harness.database(18, "order_target");
        source.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE t (gone int, id int PRIMARY KEY, note text, at date, n numeric)",
                "ALTER TABLE t DROP COLUMN gone",
                "CREATE TABLE heap (a int, b text)",
                "ALTER TABLE heap REPLICA IDENTITY FULL",
                "INSERT INTO t SELECT i, repeat('n', i * 100), '2026-01-01', i FROM generate_series(1, 60) i",
                "INSERT INTO heap SELECT i % 5, 'same' FROM generate_series(1, 30) i");
        target.executeAs(
                Roles.MIGRATOR,
                """
                CREATE TABLE t (extra text DEFAULT 'here', n numeric, gone int, note text, id int PRIMARY KEY,
                  twice numeric GENERATED ALWAYS AS (n * 2) STORED, at date, since timestamptz NOT NULL DEFAULT now())
                """,
                "ALTER TABLE t DROP COLUMN gone",
                "CREATE TABLE heap (number bigserial, b text, a int)",
                "CREATE FUNCTION alter_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'altered'; RETURN NEW; END $$",
                "CREATE TRIGGER alters BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION alter_row()",
                "ALTER TABLE t ENABLE ALWAYS TRIGGER alters",
                "CREATE RULE swallow AS ON DELETE TO t DO INSTEAD NOTHING",
                "ALTER TABLE t ENABLE ALWAYS RULE swallow");
        List<String> before = Catalog.of(target);

        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute(
                "UPDATE t SET n = -n WHERE id % 3 = 0",
                "UPDATE t SET id = id + 100 WHERE id < 10",
                "DELETE FROM t WHERE id = 20",
                "INSERT INTO t VALUES (500, NULL, NULL, NULL)",
                "UPDATE heap SET b = 'other' WHERE ctid = (SELECT min(ctid) FROM heap)",
                "DELETE FROM heap WHERE ctid IN (SELECT ctid FROM heap WHERE b = 'same' LIMIT 7)");
        migration.cutOver(true);

        assertThat(target.query("SELECT id, note, at, n FROM t ORDER BY 1"))
                .isEqualTo(source.query("SELECT id, note, at, n FROM t ORDER BY 1"));
        assertThat(target.query("SELECT a, b FROM heap ORDER BY 1, 2"))
                .isEqualTo(source.query("SELECT a, b FROM heap ORDER BY 1, 2"));
        assertThat(target.query("SELECT DISTINCT extra, twice = n * 2 FROM t WHERE n IS NOT NULL"))
                .containsExactly("here|t");
        assertThat(Catalog.of(target)).isEqualTo(before);
    }

    /** Also a table without a column, and an index and a default by extensions in a schema. */
    @Test
    void whatAnUpdateLeavesOutOfLineIsKeptAlsoWhenItsKeyChanges() {
        Database source = harness.database(15, "wide_source");
        Database target = harness.database(18, "wide_target");
        List<String> tables = List.of("wide", "wide_full", "wide_loose");
        for (Database database : List.of(source, target)) {
            database.execute(
                    "CREATE EXTENSION \"uuid-ossp\" SCHEMA public",
                    "CREATE EXTENSION pg_trgm SCHEMA public");
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE wide (id int PRIMARY KEY, n int, a int[], b bytea)",
                    "ALTER TABLE wide ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL",
                    "CREATE TABLE wide_full (LIKE wide INCLUDING ALL)",
                    "CREATE TABLE wide_loose (LIKE wide INCLUDING STORAGE)",
                    "ALTER TABLE wide_full REPLICA IDENTITY FULL",
                    "ALTER TABLE wide_loose REPLICA IDENTITY FULL",
                    "CREATE TABLE bare ()",
                    "ALTER TABLE bare REPLICA IDENTITY FULL",
                    "CREATE TABLE searched (id uuid PRIMARY KEY DEFAULT public.uuid_generate_v4(), words text)",
                    "CREATE INDEX searched_words ON searched USING gin (words public.gin_trgm_ops)");
        }
        for (String table : tables) {
            source.execute(
                    """
                    INSERT INTO %s SELECT i, i, ARRAY(SELECT i * k FROM generate_series(1, 3000) k), decode(repeat(md5(i::text), 500), 'hex')
                      FROM generate_series(1, 40) i
                    """
                            .formatted(table));
        }
        source.execute(
                "INSERT INTO bare SELECT FROM generate_series(1, 7)",
                "INSERT INTO searched (words) SELECT 'words ' || i FROM generate_series(1, 100) i");
        List<String> before = Catalog.of(target);

        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        for (String table : tables) {
            source.execute(
                    "UPDATE %s SET n = -n WHERE id = 1".formatted(table),
                    "UPDATE %s SET id = 101, n = -n WHERE id = 2".formatted(table),
                    "UPDATE %s SET id = 102, a = NULL WHERE id = 3".formatted(table),
                    "UPDATE %s SET id = 103, a[7] = 0 WHERE id = 4".formatted(table));
            source.transact(
                    "UPDATE %s SET n = n * 2".formatted(table),
                    "UPDATE %s SET id = id + 200, n = -n WHERE id BETWEEN 5 AND 40"
                            .formatted(table),
                    "UPDATE %s SET n = n + 1 WHERE id BETWEEN 205 AND 210".formatted(table),
                    "UPDATE %s SET id = 2 WHERE id = 205".formatted(table),
                    "UPDATE %s SET b = b || '\\x00' WHERE id BETWEEN 209 AND 215".formatted(table));
        }
        source.execute(
                "INSERT INTO bare DEFAULT VALUES",
                "DELETE FROM bare WHERE ctid IN ('(0,2)', '(0,5)', '(0,8)')",
                "UPDATE searched SET words = words || '!' WHERE words LIKE '%7%'",
                "DELETE FROM searched WHERE words LIKE '%3%'");
        migration.cutOver(true);

        MigrationHarness.requireEqual(source, target);
        assertThat(target.number("SELECT count(*) FROM bare")).isEqualTo(5);
        for (Database database : List.of(source, target)) {
            for (String table : tables) {
                assertThat(
                                database.number(
                                        "SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = '%s'::regclass"
                                                .formatted(table)))
                        .as("the values of %s are out of line", table)
                        .isGreaterThan(40 * (12_000 + 8_000));
            }
        }
        assertThat(Catalog.of(target)).isEqualTo(before);
        target.execute("INSERT INTO searched (words) VALUES ('the default still makes a key')");
    }

    @ParameterizedTest(name = "as {0}")
    @ValueSource(strings = {"a superuser", BYPASSER})
    void rowSecurityHidesNothingFrom(String role) {
        Database source = harness.database(15, "secret_source");
        Database target = harness.database(18, "secret_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE secret (id int PRIMARY KEY, v text)",
                    "CREATE POLICY none ON secret USING (false) WITH CHECK (false)",
                    "ALTER TABLE secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
        }
        source.execute("INSERT INTO secret SELECT i, 'v' FROM generate_series(1, 500) i");
        List<String> before = Catalog.of(target);

        MigrationRequest request =
                role.equals(BYPASSER)
                        ? asBypasser(source, target)
                        : harness.requestAsSuperuser(source, target);
        RunningMigration migration = harness.start(request, source.name());
        migration.awaitState("ready_to_cutover");
        source.execute(
                "UPDATE secret SET v = v || id WHERE id % 2 = 0",
                "DELETE FROM secret WHERE id % 5 = 0", "INSERT INTO secret VALUES (0, NULL)");
        migration.cutOver(true);

        MigrationHarness.requireEqual(source, target);
        assertThat(target.number("SELECT count(*) FROM secret")).isEqualTo(401);
        assertThat(Catalog.of(target)).isEqualTo(before);
    }

    /** Of the tables' owner, and nothing more than docs/privileges.md asks for. */
    private MigrationRequest asBypasser(Database source, Database target) {
        String password = "Vorb'ei";
        for (Database database : List.of(source, target)) {
            database.execute(
                    "DROP ROLE IF EXISTS " + BYPASSER,
                    "CREATE ROLE %s LOGIN REPLICATION BYPASSRLS IN ROLE %s PASSWORD %s"
                            .formatted(
                                    BYPASSER,
                                    Roles.MIGRATOR.user(),
                                    Identifiers.literal(password)));
        }
        return harness.request(source, target)
                .source("user", BYPASSER)
                .source("password", password)
                .target("user", BYPASSER)
                .target("password", password);
    }

    @Test
    void aStatementOfManyRowsIsItsRowsChanges() {
        Database source = harness.database(15, "statement_source");
        Database target = harness.database(18, "statement_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE head (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v text)",
                    "CREATE TABLE line (id bigserial PRIMARY KEY, head int REFERENCES head ON DELETE CASCADE, v text)",
                    "CREATE TABLE alone (id serial PRIMARY KEY, v text)",
                    "CREATE TABLE emptied (id serial PRIMARY KEY)",
                    "CREATE TABLE loose (a int, b text)",
                    "ALTER TABLE loose REPLICA IDENTITY FULL",
                    "CREATE TABLE part (k int, id int, v text, PRIMARY KEY (k, id)) PARTITION BY LIST (k)",
                    "CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1)",
                    "CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2)");
        }
        source.execute(
                "INSERT INTO head (v) SELECT 'v' FROM generate_series(1, 50)",
                "INSERT INTO line (head, v) SELECT 1 + i % 50, 'v' FROM generate_series(1, 300) i",
                "INSERT INTO alone (v) SELECT 'v' FROM generate_series(1, 60)",
                "INSERT INTO emptied SELECT FROM generate_series(1, 9)",
                "INSERT INTO loose SELECT i % 5, 'same' FROM generate_series(1, 30) i",
                "INSERT INTO part SELECT 1 + i % 2, i, 'v' FROM generate_series(1, 40) i");
        List<String> before = Catalog.of(target);

        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        source.execute(
                "UPDATE line SET v = v, head = head",
                "UPDATE loose SET a = a",
                "DELETE FROM head WHERE id % 10 = 0",
                "TRUNCATE head RESTART IDENTITY CASCADE",
                "INSERT INTO head (v) SELECT 'anew' FROM generate_series(1, 20)",
                "INSERT INTO line (head, v) SELECT 1 + i % 20, 'anew' FROM generate_series(1, 70) i",
                "TRUNCATE emptied RESTART IDENTITY",
                """
                MERGE INTO alone USING generate_series(40, 80) s (i) ON id = i
                  WHEN MATCHED AND i % 3 = 0 THEN DELETE
                  WHEN MATCHED AND i % 3 = 1 THEN UPDATE SET v = 'merged', id = -i
                  WHEN MATCHED THEN DO NOTHING
                  WHEN NOT MATCHED THEN INSERT VALUES (i, 'merged')
                """,
                "INSERT INTO alone SELECT i, 'conflict' FROM generate_series(1, 90) i ON CONFLICT (id) DO UPDATE SET v = 'conflict' WHERE alone.id % 2 = 0",
                "TRUNCATE part_1",
                "INSERT INTO part SELECT 1, i, 'after the leaf' FROM generate_series(1, 5) i");
        migration.awaitNothingPending();
        source.transact(
                "DELETE FROM head WHERE id % 5 = 0",
                "INSERT INTO alone (id, v) VALUES (1000, 'gone at once')",
                "INSERT INTO loose VALUES (1, 'gone at once')",
                "SAVEPOINT s",
                "TRUNCATE head, line, alone, part RESTART IDENTITY",
                "INSERT INTO part VALUES (2, 1, 'never')",
                "ROLLBACK TO s",
                "UPDATE part SET k = 3 - k, id = -id WHERE id % 3 = 0",
                "TRUNCATE alone, loose",
                "INSERT INTO alone (v) SELECT 'last' FROM generate_series(1, 30)",
                "INSERT INTO loose VALUES (1, 'last'), (1, 'last')",
                "DELETE FROM loose WHERE ctid = (SELECT min(ctid) FROM loose)",
                "MERGE INTO loose USING (VALUES (1), (2)) s (i) ON a = i WHEN MATCHED THEN UPDATE SET b = 'merged' WHEN NOT MATCHED THEN INSERT VALUES (i, 'merged')");
        migration.cutOver(true);

        MigrationHarness.requireEqual(source, target);
        assertThat(target.query("SELECT a, b FROM loose ORDER BY 1"))
                .containsExactly("1|merged", "2|merged");
        String sequences =
                "SELECT sequencename, last_value FROM pg_sequences ORDER BY sequencename";
        assertThat(target.query(sequences))
                .isEqualTo(source.query(sequences))
                .contains("head_id_seq|20", "line_id_seq|70", "emptied_id_seq|null");
        assertThat(Catalog.of(target)).isEqualTo(before);
    }

    /** By list into by hash, into partitions what is none, and the other way round. */
    @Test
    void aTargetMayBePartitionedOtherwise() {
        Database source = harness.database(15, "split_source");
        Database target = harness.database(18, "split_target");
        source.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE listed (region text, id int, v text, PRIMARY KEY (region, id)) PARTITION BY LIST (region)",
                "CREATE TABLE listed_north PARTITION OF listed FOR VALUES IN ('north')",
                "CREATE TABLE listed_south PARTITION OF listed FOR VALUES IN ('south') PARTITION BY RANGE (id)",
                "CREATE TABLE listed_south_low PARTITION OF listed_south FOR VALUES FROM (MINVALUE) TO (100)",
                "CREATE TABLE listed_south_high PARTITION OF listed_south FOR VALUES FROM (100) TO (MAXVALUE)",
                "CREATE TABLE listed_rest PARTITION OF listed DEFAULT",
                "CREATE TABLE plain (id int PRIMARY KEY, v text)",
                "CREATE TABLE divided (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE divided_low PARTITION OF divided FOR VALUES FROM (MINVALUE) TO (100)",
                "CREATE TABLE divided_high PARTITION OF divided FOR VALUES FROM (100) TO (MAXVALUE)");
        target.executeAs(
                Roles.MIGRATOR,
                "CREATE TABLE listed (v text, region text, id int, PRIMARY KEY (region, id)) PARTITION BY HASH (id)",
                "CREATE TABLE listed_a PARTITION OF listed FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
                "CREATE TABLE listed_b PARTITION OF listed FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
                "CREATE TABLE plain (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE plain_low PARTITION OF plain FOR VALUES FROM (MINVALUE) TO (100)",
                "CREATE TABLE plain_high PARTITION OF plain FOR VALUES FROM (100) TO (MAXVALUE)",
                "CREATE TABLE divided (id int PRIMARY KEY, v text)");
        List<String> tables = List.of("listed", "plain", "divided");
        String fill =
                """
                INSERT INTO %s (id, v %s) SELECT i, repeat('v', i) %s FROM generate_series(1, 200) i
                """;
        String regions = ", (ARRAY['north', 'south', 'west', 'east'])[1 + i % 4]";
        source.execute(
                fill.formatted("listed", ", region", regions),
                fill.formatted("plain", "", ""),
                fill.formatted("divided", "", ""));
        List<String> before = Catalog.of(target);

        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("ready_to_cutover");
        for (String table : tables) {
            source.execute(
                    "UPDATE %s SET v = v || '!' WHERE id % 3 = 0".replace("%s", table),
                    "UPDATE %s SET id = id + 300 WHERE id < 40".replace("%s", table),
                    "UPDATE %s SET id = id - 400, v = 'back' WHERE id > 330".replace("%s", table),
                    "DELETE FROM %s WHERE id % 5 = 0".replace("%s", table));
        }
        source.execute(
                "UPDATE listed SET region = 'south' WHERE region = 'north'",
                "UPDATE listed SET region = 'north', v = 'moved' WHERE region = 'west'");
        source.transact(
                "UPDATE listed SET region = 'west' WHERE id % 2 = 0",
                "UPDATE listed SET v = v || '?', id = id + 1000 WHERE region = 'west'",
                "TRUNCATE divided",
                "INSERT INTO divided SELECT i, 'anew' FROM generate_series(50, 150) i",
                "UPDATE divided SET id = id + 200 WHERE id < 60");
        source.execute(
                "TRUNCATE listed, plain",
                "INSERT INTO listed SELECT 'north', i, 'anew' FROM generate_series(1, 40) i",
                "UPDATE listed SET region = 'south', id = id * 10 WHERE id % 2 = 0",
                "INSERT INTO plain SELECT i, 'anew' FROM generate_series(80, 120) i",
                "UPDATE plain SET id = id + 500 WHERE id BETWEEN 80 AND 85",
                "UPDATE plain SET id = -id WHERE id BETWEEN 110 AND 115");
        migration.cutOver(true);

        MigrationHarness.requireEqual(source, target);
        assertThat(target.number("SELECT count(*) FROM listed_a")).isBetween(1L, 39L);
        assertThat(Catalog.of(target)).isEqualTo(before);
    }

    @Test
    void whatCannotBeCarriedIsRefusedBeforeTheSourceFeelsIt() {
        Database source = harness.database(15, "refused_source");
        Database target = harness.database(18, "refused_target");
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE silent (id int PRIMARY KEY, v int)",
                    "ALTER TABLE silent REPLICA IDENTITY NOTHING",
                    "CREATE TABLE insert_only (v int)",
                    "CREATE TABLE secret (id int PRIMARY KEY)",
                    "ALTER TABLE secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
        }
        source.execute("INSERT INTO silent VALUES (1, 1)", "INSERT INTO insert_only VALUES (1)");

        DatabaseStatus refused = harness.migrate(source, target).awaitState("failed");

        List<String> failed =
                refused.json()
                        .path("findings")
                        .valueStream()
                        .filter(finding -> finding.path("result").asText().equals("failed"))
                        .map(finding -> finding.path("what").asText())
                        .toList();
        assertThat(failed)
                .anySatisfy(what -> assertThat(what).contains("public.silent", "refuse"))
                .anySatisfy(what -> assertThat(what).contains("public.insert_only", "refuse"))
                .anySatisfy(what ->
                        assertThat(what).contains("row security would hide rows of source table"))
                .anySatisfy(what -> assertThat(what).contains("row security of target table"));
        assertThat(source.query("SELECT * FROM pg_publication")).isEmpty();
        source.execute("UPDATE silent SET v = 2", "DELETE FROM insert_only");
    }
}
