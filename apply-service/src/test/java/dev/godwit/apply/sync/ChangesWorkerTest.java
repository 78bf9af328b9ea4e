// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.apply.server.TargetServer;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.ReplicaIdentity;
import java.io.IOException;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChangesWorkerTest {
    private TargetServer oldest;
    private TargetServer newest;

    @BeforeAll
    void start() throws IOException {
        oldest = TargetServer.start(13);
        newest = TargetServer.start(18);
    }

    @AfterAll
    void stop() throws IOException {
        oldest.close();
        newest.close();
    }

    private TargetServer server(int version) {
        return version == 13 ? oldest : newest;
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void appliesInsertsUpdatesAndDeletesOnce(int version) throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "name", "note");
        for (int i = 0; i < 200; i++) {
            log.insert(1, "" + i, "n\t" + i, i % 2 == 0 ? null : "\\N");
        }
        for (int i = 0; i < 200; i += 2) {
            log.update(1, "" + i, "changed", ChangesLog.SAME);
        }
        for (int i = 0; i < 200; i += 4) {
            log.delete(1, "" + i, null, null);
        }
        try (var target = new SyncTarget(server(version).newDatabase())) {
            target.run("CREATE TABLE public.item (id int PRIMARY KEY, name varchar(20), note text)")
                    .loaded("item", 0);

            RunningSync sync = target.start(log).awaitOffset(log.end());

            assertThat(target.rows("public.item")).hasSize(150).contains("(2,changed,)");
            assertThat(target.query("SELECT name || note FROM public.item WHERE id = 3"))
                    .containsExactly("n\t3\\N");
            assertThat(sync.worker().progress().applied())
                    .isEqualTo(new Counters(200L, 100L, 50L, 0L));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18})
    void stopsAtARowThatIsMissing(int version) throws SQLException {
        var log =
                new ChangesLog()
                        .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*", "name")
                        .insert(1, "1", "a")
                        .update(1, "2", "b");
        try (var target = new SyncTarget(server(version).newDatabase())) {
            target.run("CREATE TABLE public.item (id int PRIMARY KEY, name text)")
                    .loaded("item", 0);

            RunningSync sync = target.start(log);

            assertThat(sync.awaitFailure().code()).isEqualTo(ErrorCode.ROW_MISSING);
            // Once it is restored, a new worker goes on.
            target.run("INSERT INTO public.item VALUES (2, 'x')");
            RunningSync again = target.start(log).awaitOffset(log.end());
            assertThat(target.rows("public.item")).containsExactly("(1,a)", "(2,b)");
            assertThat(again.worker().progress().applied()).isEqualTo(new Counters(1L, 1L, 0L, 0L));
        }
    }
}
