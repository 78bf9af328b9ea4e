// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.godwit.standalone.api.DatabaseStatus;
import dev.godwit.standalone.api.DatabaseStatus.LoadProgress;
import dev.godwit.standalone.api.Trouble;
import dev.godwit.standalone.progress.Event;
import dev.godwit.standalone.progress.Reporter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FollowerTest {
    private final Recorder recorder = new Recorder();
    private final Follower follower = new Follower(recorder, 200);

    @Test
    void reportsEachThingOnce() throws JsonProcessingException {
        see("{'databaseName':'d','state':'queued'}");
        see(
                "{'databaseName':'d','state':'loading','fullLoadLoadingTables':1,'tables':[{'fullLoadTotalRows':5,'fullLoadEstimatedRows':9}]}");
        see(
                "{'databaseName':'d','state':'loading','fullLoadLoadingTables':1,'tables':[{'fullLoadTotalRows':5,'fullLoadEstimatedRows':9}]}");
        see(
                "{'databaseName':'d','state':'ready_to_cutover','fullLoadCompletedTables':1,'pendingChanges':3,'tables':[{'fullLoadTotalRows':9}]}");
        see(
                "{'databaseName':'d','state':'ready_to_cutover','fullLoadCompletedTables':1,'pendingChanges':0,'tables':[{'fullLoadTotalRows':9}]}");
        see(
                "{'databaseName':'d','state':'completed','report':{'rows':9,'tables':1,'loadMillis':100,'outageMillis':7}}");
        see(
                "{'databaseName':'d','state':'completed','report':{'rows':9,'tables':1,'loadMillis':100,'outageMillis':7}}");

        assertThat(recorder.events)
                .containsExactly(
                        new Event.State("d", "queued"),
                        new Event.State("d", "loading"),
                        new Event.Load("d", new LoadProgress(1, 0, 1, 5, 9, 0)),
                        new Event.State("d", "ready_to_cutover"),
                        new Event.Load("d", new LoadProgress(1, 1, 0, 9, 9, 0)),
                        new Event.Pending("d", 3, 0, 0, 0),
                        new Event.ReadyToCutover("d"),
                        new Event.Pending("d", 0, 0, 0, 0),
                        new Event.State("d", "completed"),
                        new Event.Completed("d", 9, 1, 300, 7));
    }

    @Test
    void namesTheFirstFailedCheckWhenNothingElseFailed() throws JsonProcessingException {
        see(
                "{'databaseName':'d','state':'failed','failure':null,'findings':["
                        + "{'id':'a','result':'passed','what':'','remedy':''},{'id':'WAL_LEVEL','result':'failed','what':'w','remedy':'r'}]}");

        assertThat(recorder.events)
                .contains(new Event.Failed("d", new Trouble("WAL_LEVEL", "w", "r")));
    }

    @Test
    void notesWhatHealsByItself() throws JsonProcessingException {
        see(
                "{'databaseName':'d','state':'syncing','failure':{'code':'TARGET_UNREACHABLE','what':'w','remedy':'r'}}");

        assertThat(recorder.events).contains(new Event.Note("d", "TARGET_UNREACHABLE: w. r"));
    }

    private void see(String json) throws JsonProcessingException {
        follower.see(new DatabaseStatus(new JsonMapper().readTree(json.replace('\'', '"'))));
    }

    private static final class Recorder implements Reporter {
        private final List<Event> events = new ArrayList<>();

        @Override
        public void report(Event event) {
            events.add(event);
        }

        @Override
        public void say(String line) {}
    }
}
