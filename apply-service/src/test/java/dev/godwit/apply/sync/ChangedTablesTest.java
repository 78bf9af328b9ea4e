// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.server.TargetServer;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.ReplicaIdentity;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChangedTablesTest {
    /** A type with a length, in another schema than the source's. */
    private static final String[] CODE = {
        "CREATE SCHEMA types",
        "CREATE TYPE types.code",
        "CREATE FUNCTION types.code_in(cstring, oid, integer) RETURNS types.code LANGUAGE internal IMMUTABLE STRICT AS 'varcharin'",
        "CREATE FUNCTION types.code_out(types.code) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout'",
        "CREATE FUNCTION types.length_in(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin'",
        "CREATE FUNCTION types.length_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout'",
        "CREATE TYPE types.code (INPUT = types.code_in, OUTPUT = types.code_out, TYPMOD_IN = types.length_in, TYPMOD_OUT = types.length_out, LIKE = text)",
        "CREATE CAST (text AS types.code) WITH INOUT AS ASSIGNMENT",
    };

    private TargetServer server;

    @BeforeAll
    void start() throws IOException {
        server = TargetServer.start(13);
    }

    @AfterAll
    void stop() throws IOException {
        server.close();
    }

    @Test
    void truncatesAlsoWhereAnotherTableRefersToIt() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .insert(1, "1")
                        .truncate(1)
                        .insert(1, "2");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run(
                            "CREATE TABLE public.item (id int PRIMARY KEY)",
                            "CREATE TABLE public.part (id int REFERENCES public.item)")
                    .loaded("item", 0);

            RunningSync sync = target.start(log).awaitOffset(log.end());

            assertThat(target.rows("public.item")).containsExactly("(2)");
            assertThat(sync.worker().progress().applied()).isEqualTo(new Counters(2L, 0L, 0L, 1L));
        }
    }

    @Test
    void aTruncateOfOneLeafDoesNotEmptyATableThatTakesTwo() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "leaf1", "item", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .table(2, "leaf2", "item", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .insert(1, "1")
                        .insert(2, "2")
                        .truncate(1);
        var item = new TableName("public", "item");
        var leaves = Set.of(new TableName("public", "leaf1"), new TableName("public", "leaf2"));
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run("CREATE TABLE public.item (id int PRIMARY KEY)").loaded("item", 0);

            RunningSync sync =
                    target.start(
                            log,
                            SyncTarget.settings(2),
                            DesiredMarkers.NONE,
                            CrashPoints.none(),
                            Map.of(item, leaves));

            assertThat(sync.awaitFailure().code()).isEqualTo(ErrorCode.CHANGE_REFUSED);
            assertThat(target.rows("public.item")).hasSize(2);
        }
    }

    @Test
    void aTruncateOfOneLeafSparesTheRowsOfATableThatHasJustBeenAttached() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "leaf", "item", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .table(2, "attached", "attached", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .insert(1, "1")
                        .truncate(1);
        var item = new TableName("public", "item");
        var leaves = Set.of(new TableName("public", "leaf"), new TableName("public", "attached"));
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run(
                            "CREATE TABLE public.item (id int PRIMARY KEY)",
                            "CREATE TABLE public.attached (id int PRIMARY KEY)",
                            "INSERT INTO public.item VALUES (7)")
                    .loaded("item", 0);

            RunningSync sync =
                    target.start(
                            log,
                            SyncTarget.settings(2),
                            DesiredMarkers.NONE,
                            CrashPoints.none(),
                            Map.of(item, leaves));

            assertThat(sync.awaitFailure().code()).isEqualTo(ErrorCode.CHANGE_REFUSED);
            assertThat(target.rows("public.item")).containsExactly("(1)", "(7)");
        }
    }

    @Test
    void changesGoToAnotherTargetTableFromItsAnnouncementOn() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "moved", "before", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .insert(1, "1")
                        .table(1, "moved", "after", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .insert(1, "2");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run(
                            "CREATE TABLE public.before (id int PRIMARY KEY)",
                            "CREATE TABLE public.after (id int PRIMARY KEY)")
                    .loaded("before", 0)
                    .loaded("after", 0);

            target.start(log).awaitOffset(log.end());

            assertThat(target.rows("public.before")).containsExactly("(1)");
            assertThat(target.rows("public.after")).containsExactly("(2)");
        }
    }

    @Test
    void stopsAtAChangedShapeWithTheStatementThatMendsIt() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                        .insert(1, "1")
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "note:25")
                        .insert(1, "2", "x");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run("CREATE TABLE public.item (id int PRIMARY KEY)").loaded("item", 0);

            var failure = target.start(log).awaitFailure();

            assertThat(failure.code()).isEqualTo(ErrorCode.SCHEMA_CHANGED);
            assertThat(failure.remedy())
                    .contains("ALTER TABLE \"public\".\"item\" ADD COLUMN \"note\" text");
            assertThat(target.rows("public.item")).containsExactly("(1)");
            target.run("ALTER TABLE public.item ADD COLUMN note text");
            target.start(log).awaitOffset(log.end());
            assertThat(target.rows("public.item")).containsExactly("(1,)", "(2,x)");
        }
    }

    @Test
    void stopsWhereAColumnBecomesOfATypeOfItsOwn() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "n:1700")
                        .insert(1, "1", "1.25")
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "n:20001:amount")
                        .insert(1, "2", "1.2345")
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "n:20002:amount")
                        .insert(1, "3", "2.3456");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run(
                            "CREATE TYPE public.amount AS ENUM ('1.25', '1.2345', '2.3456')",
                            "CREATE TABLE public.item (id int PRIMARY KEY, n numeric(9,2))")
                    .loaded("item", 0);

            var failure = target.start(log).awaitFailure();

            assertThat(failure.code()).isEqualTo(ErrorCode.SCHEMA_CHANGED);
            assertThat(failure.remedy()).contains("ALTER COLUMN \"n\" TYPE public.amount;");
            assertThat(target.rows("public.item")).containsExactly("(1,1.25)");
            target.run(
                    "ALTER TABLE public.item ALTER n TYPE public.amount USING n::text::public.amount");
            target.start(log).awaitOffset(log.end());
            assertThat(target.rows("public.item"))
                    .containsExactly("(1,1.25)", "(2,1.2345)", "(3,2.3456)");
        }
    }

    @Test
    void namesAnOwnTypeAsTheTargetHasItWithItsLength() throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "v:25")
                        .insert(1, "1", "old")
                        .table(
                                1,
                                "item",
                                ReplicaIdentity.DEFAULT_KEY,
                                "id:23*",
                                "v:20001:code:13",
                                "w:20001:code:9")
                        .insert(1, "2", "new", "w");
        try (var target = new SyncTarget(server.newDatabase())) {
            target.run(CODE)
                    .run("CREATE TABLE public.item (id int PRIMARY KEY, v text)")
                    .loaded("item", 0);

            var failure = target.start(log).awaitFailure();

            assertThat(failure.code()).isEqualTo(ErrorCode.SCHEMA_CHANGED);
            target.run(
                    failure.remedy()
                            .replace("Run on the target: ", "")
                            .replace("; then retry.", "")
                            .split("; "));
            target.start(log).awaitOffset(log.end());
            assertThat(target.rows("public.item")).containsExactly("(1,old,)", "(2,new,w)");
        }
    }
}
