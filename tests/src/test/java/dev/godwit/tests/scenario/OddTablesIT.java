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

/** Tables that inherit, whose counterparts look otherwise, or that are refused in advance. */
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
