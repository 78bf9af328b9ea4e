// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.tests.harness.GodwitApi.Reply;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * One migration of one database, driven and watched over HTTP. Every look at it checks that no
 * counter went down and that applied does not exceed captured, so each wait is a test of invariants
 * 2 and 5.
 */
public final class RunningMigration {
    private static final Duration PATIENCE =
            Duration.ofSeconds(Long.getLong("godwit.patience", 240));
    private static final Duration POLL = Duration.ofMillis(150);
    private static final int APPLIES_MAX = 5;
    private static final Set<String> REFUSALS_THAT_PASS = Set.of("CHANGES_PENDING");

    private final GodwitApi api;
    private final String id;
    private final String database;
    private @Nullable DatabaseStatus last;

    RunningMigration(GodwitApi api, String id, String database) {
        this.api = api;
        this.id = id;
        this.database = database;
    }

    /** The same migration's mapping of another source database. */
    public RunningMigration sibling(String otherDatabase) {
        return new RunningMigration(api, id, otherDatabase);
    }

    public String id() {
        return id;
    }

    /** The id that slot, publication and topics are named after. */
    public String databaseId() {
        return status().id();
    }

    public DatabaseStatus status() {
        Reply reply = api.show(id);
        assertThat(reply.status()).as(() -> reply.body().toString()).isEqualTo(200);
        for (JsonNode candidate : reply.body().path("databases")) {
            if (candidate.path("databaseName").asText().equals(database)) {
                DatabaseStatus now = new DatabaseStatus(candidate);
                DatabaseStatus before = last;
                if (before != null) {
                    assertThat(now.offencesSince(before)).isEmpty();
                }
                last = now;
                return now;
            }
        }
        throw new IllegalStateException("no database " + database + " in " + reply.body());
    }

    /** Waits for one of these states. A failure that nobody waits for ends the wait at once. */
    public DatabaseStatus awaitState(String... states) {
        List<String> wanted = Arrays.asList(states);
        return await(
                "state " + wanted,
                PATIENCE,
                status -> {
                    if (!wanted.contains("failed")) {
                        requireNoFailure(status);
                    }
                    return wanted.contains(status.state());
                });
    }

    private static void requireNoFailure(DatabaseStatus status) {
        if (status.state().equals("failed")) {
            throw new IllegalStateException("failed: " + status);
        }
    }

    public DatabaseStatus await(String what, Predicate<DatabaseStatus> condition) {
        return await(what, PATIENCE, condition);
    }

    public DatabaseStatus await(
            String what, Duration patience, Predicate<DatabaseStatus> condition) {
        try {
            return Awaitility.await(what)
                    .atMost(patience)
                    .pollInterval(POLL)
                    .ignoreException(GodwitApi.ApiUnreachableException.class)
                    .until(this::status, condition);
        } catch (org.awaitility.core.ConditionTimeoutException e) {
            throw new AssertionError("no " + what + " within " + patience + ": " + last, e);
        }
    }

    /** Waits for pending changes 0, as the operator does before Apply. */
    public DatabaseStatus awaitNothingPending() {
        return await(
                "pending changes 0",
                status -> {
                    requireNoFailure(status);
                    return status.pending() == 0;
                });
    }

    public Reply startCutover(boolean fence) {
        return api.act(id, database, "cutover", Map.of("fence", fence));
    }

    public Reply apply() {
        return api.act(id, database, "apply", Map.of("confirm", true));
    }

    public Reply applyUnconfirmed() {
        return api.act(id, database, "apply", Map.of("confirm", false));
    }

    public Reply cancel() {
        return api.act(id, database, "cancel", Map.of());
    }

    /** Has these source tables loaded anew. */
    public Reply reload(String... tables) {
        return api.act(id, database, "reload", Map.of("tables", List.of(tables)));
    }

    /** The same of tables that the migration has not selected. */
    public Reply add(String... tables) {
        return api.act(id, database, "reload", Map.of("tables", List.of(tables), "add", true));
    }

    public Reply retry() {
        return api.act(id, database, "retry", Map.of());
    }

    /** Applies and expects a refusal with this code and a remedy. */
    public Reply expect409(String code) {
        Reply reply = apply();
        assertThat(reply.status()).as(() -> reply.body().toString()).isEqualTo(409);
        assertThat(reply.code()).isEqualTo(code);
        assertThat(reply.remedy()).isNotBlank();
        return reply;
    }

    public void expect202(Reply reply) {
        assertThat(reply.status()).as(() -> reply.body().toString()).isEqualTo(202);
    }

    /**
     * The whole cutover: start, wait for the fence if one is wanted and for pending 0, Apply,
     * Completed.
     */
    public DatabaseStatus cutOver(boolean fence) {
        awaitState("ready_to_cutover");
        expect202(startCutover(fence));
        if (fence) {
            await("the fence", DatabaseStatus::fenced);
        }
        return cutOver();
    }

    /**
     * The rest of a cutover that is under way. An Apply that is refused because of a change is
     * repeated, as an operator would.
     */
    public DatabaseStatus cutOver() {
        for (int attempt = 0; attempt < APPLIES_MAX; attempt++) {
            if (awaitState("cutting_over", "completed").state().equals("completed")) {
                return status();
            }
            DatabaseStatus after = awaitOutcome(applyAccepted());
            if (after.ended()) {
                return after;
            }
        }
        throw new AssertionError("not completed after " + APPLIES_MAX + " applies: " + last);
    }

    /**
     * The rest of a cutover whose Apply was accepted in this state: it needs no other, unless it is
     * reopened.
     */
    public DatabaseStatus complete(DatabaseStatus accepted) {
        DatabaseStatus after = awaitOutcome(accepted);
        return after.ended() ? after : cutOver();
    }

    private DatabaseStatus awaitOutcome(DatabaseStatus accepted) {
        return await(
                "Completed or reopened",
                status -> {
                    requireNoFailure(status);
                    return status.ended()
                            || (!status.reopened().isEmpty()
                                    && !status.reopened().equals(accepted.reopened()));
                });
    }

    /**
     * Applies when nothing is pending, again and again while a change is in the way, until it is
     * accepted.
     */
    public DatabaseStatus applyAccepted() {
        Awaitility.await("Apply")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(300))
                .ignoreException(GodwitApi.ApiUnreachableException.class)
                .until(this::applied);
        return await("an answer", status -> true);
    }

    private boolean applied() {
        awaitNothingPending();
        Reply reply = apply();
        if (reply.status() == 409 && REFUSALS_THAT_PASS.contains(reply.code())) {
            return false;
        }
        expect202(reply);
        return true;
    }

    /** Cancels and waits for the end. */
    public void cancelled() {
        expect202(cancel());
        awaitState("cancelled");
    }
}
