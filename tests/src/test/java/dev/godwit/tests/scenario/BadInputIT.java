// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.tests.compare.Catalog;
import dev.godwit.tests.harness.DatabaseStatus;
import dev.godwit.tests.harness.GodwitApi.Reply;
import dev.godwit.tests.harness.MigrationHarness;
import dev.godwit.tests.harness.MigrationRequest;
import dev.godwit.tests.harness.MigrationTest;
import dev.godwit.tests.harness.RunningMigration;
import dev.godwit.tests.postgres.Database;
import dev.godwit.tests.postgres.EmbeddedServer;
import dev.godwit.tests.postgres.Roles;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Bad input gets a clear error with code and remedy before anything is done, and leaves nothing
 * behind on either side.
 */
@MigrationTest
class BadInputIT {
    private final MigrationHarness harness;
    private final Database source;
    private final Database target;

    BadInputIT(MigrationHarness harness) {
        this.harness = harness;
        source = harness.database(15, "bad_source");
        target = harness.database(18, "bad_target");
    }

    @BeforeEach
    void createATable() {
        for (Database database : List.of(source, target)) {
            database.executeAs(Roles.MIGRATOR, "CREATE TABLE item (id int PRIMARY KEY, what text)");
        }
        source.execute("INSERT INTO item VALUES (1, 'one')");
    }

    @Test
    void wrongPassword() {
        refused("PASSWORD_WRONG", request -> request.source("password", "guessed"));
        refused("PASSWORD_WRONG", request -> request.target("password", "guessed"));
    }

    @Test
    void unknownHost() {
        refused("HOST_UNKNOWN", request -> request.source("host", "no-such-host.invalid"));
    }

    @Test
    void nobodyListens() {
        refused("SERVER_UNREACHABLE", request -> request.source("port", 1));
        refused("TARGET_UNREACHABLE", request -> request.target("port", 1));
    }

    @Test
    void serverWithoutTls() {
        refused("TLS_FAILED", request -> request.source("sslMode", "verify-full"));
    }

    @Test
    void unknownDatabase() {
        refused(
                "DATABASE_UNKNOWN",
                request -> request.databases(source.name(), "no such database"));
    }

    @Test
    void walLevelReplica() {
        try (EmbeddedServer server = harness.servers().own(15, Map.of("wal_level", "replica"))) {
            Database other = server.createDatabase("replica");
            other.executeAs(Roles.MIGRATOR, "CREATE TABLE item (id int PRIMARY KEY, what text)");
            refused(other, target, "WAL_LEVEL", UnaryOperator.identity());
        }
    }

    @Test
    void noReplicationRight() {
        source.execute(
                "CREATE ROLE plain LOGIN PASSWORD 'plain'", "ALTER TABLE item OWNER TO plain");
        try {
            refused(
                    "NO_REPLICATION_RIGHT",
                    request -> request.source("user", "plain").source("password", "plain"));
        } finally {
            source.execute("ALTER TABLE item OWNER TO migrator", "DROP ROLE plain");
        }
    }

    @Test
    void noFreeSlot() {
        try (EmbeddedServer server =
                harness.servers().own(15, Map.of("max_replication_slots", "1"))) {
            Database other = server.createDatabase("slots");
            other.executeAs(Roles.MIGRATOR, "CREATE TABLE item (id int PRIMARY KEY, what text)");
            other.execute("SELECT pg_create_physical_replication_slot('somebodys')");
            refused(other, target, "NO_FREE_SLOT", UnaryOperator.identity());
        }
    }

    /** Before 18 PostgreSQL takes such a key, and leaves the column out of what it publishes. */
    @Test
    void keyWithAGeneratedColumn() {
        for (Database database : List.of(source, target)) {
            database.executeAs(
                    Roles.MIGRATOR,
                    "CREATE TABLE twice (a int, b int, g int GENERATED ALWAYS AS (b * 2) STORED, PRIMARY KEY (a, g))");
        }
        refused("GENERATED_COLUMN_IDENTITY", UnaryOperator.identity());
    }

    @Test
    void targetOlderThanSource() {
        Database old = harness.database(13, "bad_old");
        old.executeAs(Roles.MIGRATOR, "CREATE TABLE item (id int PRIMARY KEY, what text)");
        refused(source, old, "TARGET_OLDER", UnaryOperator.identity());
    }

    @Test
    void targetTableMissing() {
        target.execute("DROP TABLE item");
        refused("TARGET_TABLE_MISSING", UnaryOperator.identity());
    }

    @Test
    void targetTableNotEmpty() {
        target.execute("INSERT INTO item VALUES (7, 'already here')");
        refused("TARGET_TABLE_NOT_EMPTY", UnaryOperator.identity());
        assertThat(target.query("SELECT * FROM item")).containsExactly("7|already here");
    }

    @Test
    void targetColumnsDiffer() {
        target.execute("ALTER TABLE item DROP COLUMN what");
        refused("TARGET_COLUMNS_DIFFER", UnaryOperator.identity());
    }

    @Test
    void tableWithoutKey() {
        for (Database database : List.of(source, target)) {
            database.executeAs(Roles.MIGRATOR, "CREATE TABLE unkeyed (a int)");
        }
        DatabaseStatus status = refused("TABLE_WITHOUT_KEY", UnaryOperator.identity());
        assertThat(status.failureWhat()).contains("unkeyed");
    }

    @Test
    void tableWithoutKeyMayBeLeftOut() {
        for (Database database : List.of(source, target)) {
            database.executeAs(Roles.MIGRATOR, "CREATE TABLE unkeyed (a int)");
        }
        RunningMigration migration =
                harness.start(harness.request(source, target).tables("public.item"), source.name());
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void unloggedTarget() {
        target.execute("ALTER TABLE item SET UNLOGGED");
        refused("UNLOGGED_TARGET", UnaryOperator.identity());
    }

    @Test
    void nothingSelected() {
        refused("NOTHING_SELECTED", request -> request.tables("elsewhere.*"));
    }

    @Test
    void aFailedCheckCanBeRetriedOnceItIsMended() {
        target.execute("DROP TABLE item");
        RunningMigration migration = harness.migrate(source, target);
        migration.awaitState("failed");

        target.executeAs(Roles.MIGRATOR, "CREATE TABLE item (id int PRIMARY KEY, what text)");
        migration.expect202(migration.retry());

        migration.awaitState("ready_to_cutover");
        migration.cutOver(false);
        MigrationHarness.requireEqual(source, target);
    }

    @Test
    void requestsThatMakeNoSense() {
        for (Object body :
                new Object[] {
                    Map.of(), Map.of("name", "x"), List.of("not", "an", "object"), "text"
                }) {
            Reply reply = harness.api().create(body);
            assertThat(reply.status()).as(reply.body().toString()).isEqualTo(400);
            assertThat(reply.code()).isEqualTo("REQUEST_INVALID");
            assertThat(reply.remedy()).isNotBlank();
        }
        Reply unknown = harness.api().show("nobody");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.code()).isEqualTo("NOT_FOUND");
        assertThat(harness.api().statusWithoutToken("/api/v1/migrations")).isEqualTo(401);
    }

    private DatabaseStatus refused(String code, UnaryOperator<MigrationRequest> bend) {
        return refused(source, target, code, bend);
    }

    private DatabaseStatus refused(
            Database from, Database to, String code, UnaryOperator<MigrationRequest> bend) {
        List<String> sourceBefore = Catalog.of(from);
        List<String> targetBefore = Catalog.of(to);
        MigrationRequest request = bend.apply(harness.request(from, to));
        RunningMigration migration = harness.start(request, from.name());

        DatabaseStatus failed = migration.awaitState("failed");

        assertThat(failed.failureCode()).as(failed.toString()).isEqualTo(code);
        assertThat(failed.json().path("failure").path("remedy").asText()).isNotBlank();
        assertThat(failed.failureWhat()).doesNotContain(Roles.MIGRATOR.password(), "guessed");
        requireUntouched(from, sourceBefore);
        requireUntouched(to, targetBefore);
        migration.cancelled();
        requireUntouched(from, sourceBefore);
        requireUntouched(to, targetBefore);
        return failed;
    }

    private static void requireUntouched(Database database, List<String> before) {
        assertThat(Catalog.of(database)).isEqualTo(before);
        assertThat(
                        database.query(
                                "SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'godwit%'"))
                .isEmpty();
    }
}
