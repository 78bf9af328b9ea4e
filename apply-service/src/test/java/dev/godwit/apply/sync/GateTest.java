// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.godwit.apply.crash.CrashPoints;
import dev.godwit.apply.server.TargetServer;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.schemas.Counters;
import dev.godwit.schemas.MarkerKind;
import dev.godwit.schemas.ReplicaIdentity;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GateTest {
    private static final DesiredMarkers GATE =
            new DesiredMarkers(Optional.of("g1"), Optional.of("f1"));

    private TargetServer server;

    @BeforeAll
    void start() throws IOException {
        server = TargetServer.start(18);
    }

    @AfterAll
    void stop() throws IOException {
        server.close();
    }

    private SyncTarget target() throws SQLException {
        return new SyncTarget(server.newDatabase())
                .run("CREATE TABLE public.item (id int PRIMARY KEY)")
                .loaded("item", 0);
    }

    private static ChangesLog log() {
        return new ChangesLog()
                .table(1, "item", ReplicaIdentity.DEFAULT_KEY, "id:23*")
                .insert(1, "1")
                .insert(1, "2")
                .gate("g1");
    }

    @Test
    void holdsAtTheGateCountsBehindItAndGoesOnWhenReleased() throws SQLException {
        var log = log().sequences("g1").insert(1, "3").end("f1").insert(1, "4");
        try (var target = target();
                RunningSync sync =
                        target.start(log, SyncTarget.settings(2), GATE, CrashPoints.none())) {
            sync.awaitHeld("g1");
            await().until(() ->
                    sync.worker()
                            .progress()
                            .held()
                            .flatMap(SyncProgress.Held::finalMarker)
                            .isPresent());
            var held = sync.worker().progress().held().orElseThrow();
            assertThat(held.changesBehind()).isEqualTo(1);
            assertThat(held.sequences()).isPresent();
            assertThat(target.rows("public.item")).containsExactly("(1)", "(2)");
            assertThat(sync.worker().durableOffset()).hasValue(4);

            sync.worker().desire(DesiredMarkers.NONE);

            sync.awaitOffset(log.end());
            assertThat(target.rows("public.item")).containsExactly("(1)", "(2)", "(3)", "(4)");
            assertThat(sync.worker().progress().held()).isEmpty();
            assertThat(sync.worker().progress().applied()).isEqualTo(new Counters(4L, 0L, 0L, 0L));
        }
    }

    @Test
    void standsAtTheGateAgainAfterARestart() throws SQLException {
        var log = log();
        try (var target = target()) {
            target.start(log, SyncTarget.settings(2), GATE, CrashPoints.none())
                    .awaitHeld("g1")
                    .close();
            log.insert(1, "3");

            RunningSync again =
                    target.start(log, SyncTarget.settings(2), GATE, CrashPoints.none())
                            .awaitHeld("g1");

            await().until(() ->
                    again.worker().progress().held().orElseThrow().changesBehind() == 1);
            assertThat(target.rows("public.item")).containsExactly("(1)", "(2)");
            again.close();
            // Given up while nobody ran.
            RunningSync released = target.start(log).awaitOffset(log.end());
            assertThat(target.rows("public.item")).containsExactly("(1)", "(2)", "(3)");
            assertThat(released.worker().progress().applied().getInserts()).isEqualTo(3);
        }
    }

    @Test
    void passesAGateThatNobodyWants() throws SQLException {
        var log = log().insert(1, "3").gate("g2");
        try (var target = target()) {
            target.start(log).awaitOffset(log.end());

            assertThat(target.rows("public.item")).hasSize(3);
        }
    }

    @Test
    void stopsWhereCapturedAndAppliedDisagree() throws SQLException {
        var log = log().marker("g2", MarkerKind.GATE, 17);
        try (var target = target()) {
            RunningSync sync =
                    target.start(
                            log,
                            SyncTarget.settings(2),
                            new DesiredMarkers(Optional.of("g2"), Optional.empty()),
                            CrashPoints.none());

            assertThat(sync.awaitFailure().code()).isEqualTo(ErrorCode.COUNT_MISMATCH);
        }
    }
}
