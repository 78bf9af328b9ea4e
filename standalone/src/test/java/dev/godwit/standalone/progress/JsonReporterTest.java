// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.godwit.standalone.api.DatabaseStatus.LoadProgress;
import dev.godwit.standalone.api.Trouble;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class JsonReporterTest {
    private static final String HEAD = "{\"time\":\"2026-11-21T10:20:30.123Z\",\"event\":\"";

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final JsonReporter reporter =
            new JsonReporter(
                    new PrintStream(bytes, true, StandardCharsets.UTF_8),
                    Clock.fixed(Instant.parse("2026-11-21T10:20:30.123456Z"), ZoneOffset.UTC));

    @Test
    void writesOneLinePerEvent() {
        reporter.say("not for scripts");
        reporter.report(new Event.State("shop", "loading"));
        reporter.report(new Event.Load("shop", new LoadProgress(4, 1, 2, 10, 40, 900)));
        reporter.report(new Event.ReadyToCutover("shop"));
        reporter.report(new Event.Pending("shop", 5, 77, 3, 12));
        reporter.report(new Event.CutoverApplied("shop"));
        reporter.report(new Event.Completed("shop", 40, 4, 1500, 800));
        reporter.report(
                new Event.Failed("shöp \"x\"", new Trouble("SLOT_LOST", "gone", "start again")));

        assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        HEAD + "state\",\"database\":\"shop\",\"state\":\"loading\"}",
                        HEAD
                                + "full_load_progress\",\"database\":\"shop\",\"tables\":4,\"tablesCompleted\":1,\"rows\":10,"
                                + "\"rowsEstimated\":40,\"bytes\":900}",
                        HEAD + "ready_to_cutover\",\"database\":\"shop\"}",
                        HEAD
                                + "pending_changes\",\"database\":\"shop\",\"pendingChanges\":5,\"uncapturedWalBytes\":77}",
                        HEAD + "cutover_applied\",\"database\":\"shop\"}",
                        HEAD
                                + "completed\",\"database\":\"shop\",\"rows\":40,\"tables\":4,\"loadMillis\":1500,\"outageMillis\":800}",
                        HEAD
                                + "failed\",\"database\":\"shöp \\\"x\\\"\",\"code\":\"SLOT_LOST\",\"what\":\"gone\",\"remedy\":\"start again\"}");
    }
}
