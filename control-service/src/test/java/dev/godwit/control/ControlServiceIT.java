// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control;

import static dev.godwit.control.FakeServices.apply;
import static dev.godwit.control.FakeServices.capture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.godwit.schemas.ApplyPhase;
import dev.godwit.schemas.AuditEntry;
import dev.godwit.schemas.CapturePhase;
import dev.godwit.schemas.DatabaseMigration;
import dev.godwit.schemas.WantedPhase;
import dev.godwit.schemas.codec.RecordCodec;
import dev.godwit.schemas.codec.SchemaBook;
import dev.godwit.schemas.secret.PasswordSeal;
import dev.godwit.schemas.topic.KafkaSettings;
import dev.godwit.schemas.topic.TopicFollower;
import dev.godwit.schemas.topic.Topics;
import io.micronaut.context.ApplicationContext;
import io.micronaut.runtime.server.EmbeddedServer;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(Lifecycle.PER_CLASS)
class ControlServiceIT {
    private static final String PASSWORD = "a-password-nobody-may-see";
    private static final String HOSTILE = "<script>alert('x')</script>&\\\"";

    private TestBroker broker;
    private TestDatabases server;
    private ApplicationContext context;
    private FakeServices services;
    private Api api;
    private String keyset = "";
    private String name = "";
    private int made;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        broker = TestBroker.start(directory);
        server = TestDatabases.start("logical");
        keyset = PasswordSeal.newKeyset();
        startControl();
        services = new FakeServices(broker.bootstrapServers());
    }

    @AfterAll
    void stop() throws Exception {
        services.close();
        context.close();
        broker.close();
        server.close();
    }

    @BeforeEach
    void anotherName() {
        made++;
        name = "m" + made;
    }

    @Test
    void migratesByHttpAlone() throws Exception {
        String id = readyToCutOver();

        assertThat(post("apply", "{\"confirm\":true}").body().path("code").asText())
                .isEqualTo("CUTOVER_NOT_READY");
        assertThat(post("cutover", "{}").status()).isEqualTo(202);
        assertThat(database().path("state").asText()).isEqualTo("cutting_over");
        Api.Answer unconfirmed = post("apply", "");
        assertThat(unconfirmed.status()).isEqualTo(400);
        assertThat(unconfirmed.body().path("code").asText()).isEqualTo("CONFIRM_MISSING");

        finalise(id, 7);
        await().until(() -> services.wanted(id).getPhase() == WantedPhase.RELEASE_SOURCE);
        services.report(capture(id, CapturePhase.RELEASED, 7));
        await().until(() -> services.wanted(id).getPhase() == WantedPhase.RELEASE_TARGET);
        services.report(apply(id, ApplyPhase.RELEASED, 7));

        await().until(() -> database().path("state").asText().equals("completed"));
        JsonNode report = database().path("report");
        assertThat(report.path("rows").asLong()).isEqualTo(2);
        assertThat(report.path("tables").asInt()).isEqualTo(1);
        assertThat(report.path("certifiedLsn").asText()).isEqualTo("0/4D");
        assertThat(topics()).noneMatch(topic -> topic.contains(id));
        assertThat(post("cancel", "").body().path("code").asText()).isEqualTo("STATE_CONFLICT");
    }

    @Test
    void refusesApplyWhileAChangeIsPending() throws Exception {
        String id = readyToCutOver();
        post("cutover", "{}");
        services.report(capture(id, CapturePhase.STREAMING, 10));
        await().until(() -> database().path("pendingChanges").asLong() == 3);

        Api.Answer refused = post("apply", "{\"confirm\":true}");

        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.body().path("code").asText()).isEqualTo("CHANGES_PENDING");
        assertThat(refused.body().path("what").asText()).startsWith("3 row changes");
    }

    @Test
    void refusesApplyWhenAWriteSlipsInAndReopensTheGate() throws Exception {
        String id = readyToCutOver();
        post("cutover", "{}");

        CompletableFuture<Api.Answer> answer = CompletableFuture.supplyAsync(this::applyNow);
        String marker = awaitMarker(id);
        services.report(
                capture(id, CapturePhase.STREAMING, 8).setMarker(marker).setChangesBehindMarker(1));

        assertThat(answer.get().status()).isEqualTo(409);
        assertThat(answer.get().body().path("code").asText()).isEqualTo("CHANGES_PENDING");
        await().until(() -> services.wanted(id).getGateMarker() == null);
        assertThat(services.wanted(id).getPhase()).isEqualTo(WantedPhase.CUT_OVER);
        assertThat(database().path("reopened").asText()).contains("1 row changes");
    }

    @Test
    void refusesApplyWhenTheMarkerIsNotAppliedInTime() throws Exception {
        String id = readyToCutOver();
        post("cutover", "{}");

        CompletableFuture<Api.Answer> answer = CompletableFuture.supplyAsync(this::applyNow);
        services.report(capture(id, CapturePhase.STREAMING, 7).setMarker(awaitMarker(id)));

        assertThat(answer.get().status()).isEqualTo(409);
        assertThat(answer.get().body().path("what").asText()).contains("10 seconds after");
    }

    @Test
    void refusesApplyWhileATransactionIsPrepared() throws Exception {
        String id = readyToCutOver();
        post("cutover", "{}");
        server.run(
                name,
                "BEGIN",
                "INSERT INTO public.orders VALUES (3)",
                "PREPARE TRANSACTION 'gid " + name + "'");

        CompletableFuture<Api.Answer> answer = CompletableFuture.supplyAsync(this::applyNow);
        stand(id, 7, awaitMarker(id));

        assertThat(answer.get().status()).isEqualTo(409);
        assertThat(answer.get().body().path("code").asText()).isEqualTo("PREPARED_TRANSACTION");
        assertThat(answer.get().body().path("what").asText()).contains("gid " + name);
        server.run(name, "ROLLBACK PREPARED 'gid " + name + "'");
    }

    @Test
    void goesBackWhenAWriteSlipsInBetweenTheGateAndTheEnd() throws Exception {
        String id = readyToCutOver();
        post("cutover", "{}");
        String gate = passGate(id, 7);
        services.report(
                apply(id, ApplyPhase.FINALISED, 7).setHeldMarker(gate).setFinalisedFor(gate));
        await().until(() -> services.wanted(id).getFinalMarker() != null);

        services.report(
                apply(id, ApplyPhase.FINALISED, 7)
                        .setHeldMarker(gate)
                        .setFinalisedFor(gate)
                        .setFinalMarker(services.wanted(id).getFinalMarker())
                        .setChangesBehindMarker(1));

        await().until(() -> services.wanted(id).getPhase() == WantedPhase.CUT_OVER);
        assertThat(services.wanted(id).getGateMarker()).isNull();
        assertThat(database().path("state").asText()).isEqualTo("cutting_over");
        assertThat(database().path("reopened").asText()).contains("1 row changes");
    }

    @Test
    void stopsWhenSourceAndTargetDifferAndComparesAgainAtRetry() throws Exception {
        String id = readyToCutOver();
        server.run(name + "_t", "DELETE FROM public.orders WHERE id = 2");
        post("cutover", "{}");

        String gate = finalise(id, 7);
        await().until(() -> database().path("state").asText().equals("failed"));
        assertThat(database().path("failure").path("code").asText()).isEqualTo("ROWS_DIFFER");
        assertThat(database().path("report").path("comparisons").path(0).path("equal").asBoolean())
                .isFalse();

        server.run(name + "_t", "INSERT INTO public.orders VALUES (2)");
        String first = services.wanted(id).getFinalMarker();
        assertThat(post("retry", "").status()).isEqualTo(202);
        await().until(() ->
                services.wanted(id).getFinalMarker() != null
                        && !services.wanted(id).getFinalMarker().equals(first));
        services.report(
                apply(id, ApplyPhase.FINALISED, 7)
                        .setHeldMarker(gate)
                        .setFinalisedFor(gate)
                        .setFinalMarker(services.wanted(id).getFinalMarker()));
        await().until(() -> services.wanted(id).getPhase() == WantedPhase.RELEASE_SOURCE);
    }

    @Test
    void goesOnAfterARestartAtEveryPoint() throws Exception {
        String id = readyToCutOver();
        restartControl();
        assertThat(database().path("state").asText()).isEqualTo("ready_to_cutover");
        post("cutover", "{}");
        restartControl();
        String gate = passGate(id, 7);
        restartControl();
        services.report(
                apply(id, ApplyPhase.FINALISED, 7).setHeldMarker(gate).setFinalisedFor(gate));
        await().until(() -> services.wanted(id).getFinalMarker() != null);
        restartControl();
        services.report(
                apply(id, ApplyPhase.FINALISED, 7)
                        .setHeldMarker(gate)
                        .setFinalisedFor(gate)
                        .setFinalMarker(services.wanted(id).getFinalMarker()));
        await().until(() -> services.wanted(id).getPhase() == WantedPhase.RELEASE_SOURCE);
        restartControl();
        services.report(capture(id, CapturePhase.RELEASED, 7));
        services.report(apply(id, ApplyPhase.RELEASED, 7));

        await().until(() -> database().path("state").asText().equals("completed"));
    }

    @Test
    void takesBackAMarkerWhoseEvaluationDiedWithTheProcess() throws Exception {
        String id = readyToCutOver();
        post("cutover", "{}");
        CompletableFuture<Api.Answer> answer = CompletableFuture.supplyAsync(this::applyNow);
        awaitMarker(id);

        restartControl();

        await().until(() -> services.wanted(id).getGateMarker() == null);
        assertThat(services.wanted(id).getPhase()).isEqualTo(WantedPhase.CUT_OVER);
        answer.handle((_, _) -> true).get();
    }

    @Test
    void stopsAtFailedChecksAndRetriesThem() throws Exception {
        server.create(name);
        server.create(name + "_t");
        server.run(name, "CREATE TABLE public.orders (id int PRIMARY KEY)");
        create(name);
        await().until(() -> database().path("state").asText().equals("failed"));
        assertThat(database().path("failure").path("code").asText())
                .isEqualTo("TARGET_TABLE_MISSING");
        String id = database().path("id").asText();
        assertThat(topics()).noneMatch(topic -> topic.contains(id));

        server.run(name + "_t", "CREATE TABLE public.orders (id int PRIMARY KEY)");
        assertThat(post("retry", "").status()).isEqualTo(202);

        await().until(() -> database().path("state").asText().equals("loading"));
        assertThat(topics()).contains(Topics.changes(id), Topics.load(id), Topics.state(id));
        assertThat(post("retry", "").body().path("code").asText()).isEqualTo("STATE_CONFLICT");
    }

    @Test
    void cancelsFromAnyStateBeforeTheEnd() throws Exception {
        String id = readyToCutOver();
        post("cutover", "{\"fence\":true}");
        await().until(() -> services.wanted(id).getFence());

        assertThat(post("cancel", "").status()).isEqualTo(202);
        assertThat(database().path("migrationState").asText()).isEqualTo("CANCELLING");
        services.report(capture(id, CapturePhase.RELEASED, 7).setRetriesSeen(1));
        services.report(apply(id, ApplyPhase.RELEASED, 7).setRetriesSeen(1));

        await().until(() -> database().path("state").asText().equals("cancelled"));
        assertThat(topics()).noneMatch(topic -> topic.contains(id));
    }

    @Test
    void ignoresStaleOwnersAndNeverCountsDown() throws Exception {
        String id = readyToCutOver();

        services.report(capture(id, CapturePhase.LOADING, 99).setEpoch(2));
        services.report(apply(id, ApplyPhase.SYNCING, 2).setEpoch(4));
        services.report(capture(id, CapturePhase.STREAMING, 8).setEpoch(4));

        await().until(() -> database().path("incomingChanges").asLong() == 8);
        assertThat(database().path("appliedChanges").asLong()).isEqualTo(7);
        assertThat(database().path("state").asText()).isEqualTo("ready_to_cutover");
    }

    @Test
    void letsNobodyInWithoutTheToken() throws Exception {
        for (String path :
                new String[] {
                    "/api/v1/migrations", "/api/v1/openapi.yml", "/prometheus", "/api/v1/nothing"
                }) {
            assertThat(api.send(api.request(path).GET().build()).status()).as(path).isEqualTo(401);
        }
        Api.Answer wrong =
                api.send(
                        api.request("/api/v1/migrations")
                                .header("Authorization", "Bearer " + Api.TOKEN + "x")
                                .GET()
                                .build());
        assertThat(wrong.status()).isEqualTo(401);
        assertThat(wrong.body().path("code").asText()).isEqualTo("UNAUTHORIZED");
        assertThat(wrong.body().path("remedy").asText()).isNotBlank();
        HttpRequest byCookie =
                api.request("/api/v1/migrations")
                        .header("Cookie", "godwit-token=" + Api.TOKEN)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString("{}"))
                        .build();
        assertThat(api.send(byCookie).status()).isEqualTo(401);
        assertThat(
                        api.send(
                                        api.request("/")
                                                .header("Cookie", "godwit-token=" + Api.TOKEN)
                                                .GET()
                                                .build())
                                .status())
                .isEqualTo(200);
        assertThat(api.send(api.request("/health").GET().build()).status()).isEqualTo(200);
        assertThat(api.send(api.request("/").header("Accept", "text/html").GET().build()).status())
                .isEqualTo(303);
        assertThat(api.send(api.request("/?token=" + Api.TOKEN).GET().build()).status())
                .isEqualTo(303);
    }

    @Test
    void refusesBadRequestsNamingTheField() throws Exception {
        assertRefused("{", 400, "JSON");
        assertRefused("{\"nome\":1}", 400, "nome");
        assertRefused("{\"name\":\"x\",\"databases\":[]}", 400, "source is missing");
        assertRefused(
                body("x").replace("\"port\":" + server.port(), "\"port\":70000"),
                400,
                "source.port");
        assertRefused(
                body("x").replace("\"sslMode\":\"disable\"", "\"sslMode\":\"maybe\""),
                400,
                "source.sslMode");
        assertRefused(
                body("x").replace("\"databases\":[", "\"tables\":[\"orders\"],\"databases\":["),
                400,
                "tables[0]");
        assertRefused(
                body("x")
                        .replace(
                                "\"sslMode\":\"disable\"",
                                "\"sslMode\":\"disable\",\"parameters\":{\"socketFactory\":\"x\"}"),
                400,
                "socketFactory");
        assertRefused(body("x").replace("x_t", "x"), 400, "databases[0].target");
        assertRefused(
                body("x")
                        .replace(
                                "x_t\"",
                                "x_t\",\"mappings\":[{\"source\":\"a.b\",\"where\":\"true; x\"}]"),
                400,
                "databases[0].mappings[0].where");
        assertRefused(
                body("x")
                        .replace(
                                "x_t\"",
                                "x_t\",\"mappings\":[{\"source\":\"a.b\",\"target\":\"c.d\"},{\"source\":\"a.b\",\"columns\":[\"x\"]}]"),
                400,
                "databases[0].mappings[1].source");
        assertThat(api.get("/api/v1/nothing").body().path("code").asText()).isEqualTo("NOT_FOUND");
        assertThat(api.get("/api/v1/migrations/nobody").body().path("what").asText())
                .contains("nobody");
    }

    @Test
    void describesItself() throws Exception {
        assertThat(api.get("/api/v1/openapi.yml").text())
                .contains(
                        "openapi: 3",
                        "/api/v1/migrations/{id}/databases/{name}/apply",
                        "MappingRequest",
                        "sourceTableName");
    }

    @Test
    void escapesHostileNamesOnThePage() throws Exception {
        create(HOSTILE);

        String page = api.get("/").text();

        assertThat(page).doesNotContain("<script").contains("&lt;script&gt;");
    }

    @Test
    void keepsPasswordsOutOfTopicsAndAnswersAndWritesTheAudit() throws Exception {
        var topics = new ConcurrentLinkedQueue<String>();
        Queue<AuditEntry> audit = new ConcurrentLinkedQueue<>();
        var codec = new RecordCodec(SchemaBook.ownOnly());
        Api.Answer created = create(name);
        String migrationId = created.body().path("id").asText();
        post("apply", "{}");

        KafkaSettings kafka = KafkaSettings.at(broker.bootstrapServers());
        var migrations =
                TopicFollower.start(
                        kafka,
                        Topics.MIGRATIONS,
                        message ->
                                topics.add(
                                        new String(message.value(), StandardCharsets.ISO_8859_1)));
        var entries =
                TopicFollower.start(
                        kafka,
                        Topics.AUDIT,
                        message -> {
                            if (message.key().equals(migrationId) || message.key().equals(name)) {
                                audit.add(codec.decode(message.value(), AuditEntry.class));
                            }
                        });
        await().until(() -> topics.stream().anyMatch(message -> message.contains(migrationId)));
        await().until(() -> audit.size() == 2);
        migrations.close();
        entries.close();

        assertThat(topics).noneMatch(message -> message.contains(PASSWORD));
        assertThat(created.text()).doesNotContain(PASSWORD).doesNotContain("password\":\"a-");
        assertThat(audit)
                .extracting(entry -> entry.getAnswer() + " " + entry.getWhy())
                .containsExactly("201 ", "400 CONFIRM_MISSING");
    }

    private String readyToCutOver() throws Exception {
        server.create(name);
        server.create(name + "_t");
        for (String database : new String[] {name, name + "_t"}) {
            server.run(database, "CREATE TABLE public.orders (id int PRIMARY KEY)");
        }
        String id = create(name).body().path("databases").path(0).path("id").asText();
        await().until(() -> services.wanted(id).getPhase() == WantedPhase.RUN);
        // As the services would have: both sides hold the same rows.
        for (String database : new String[] {name, name + "_t"}) {
            server.run(database, "INSERT INTO public.orders VALUES (1), (2)");
        }
        services.report(capture(id, CapturePhase.STREAMING, 7));
        services.report(apply(id, ApplyPhase.SYNCING, 7));
        await().until(() -> database().path("state").asText().equals("ready_to_cutover"));
        return id;
    }

    private String passGate(String id, long changes) throws Exception {
        CompletableFuture<Api.Answer> answer = CompletableFuture.supplyAsync(this::applyNow);
        String gate = awaitMarker(id);
        stand(id, changes, gate);
        assertThat(answer.get().status()).as(answer.get().text()).isEqualTo(202);
        return gate;
    }

    /** Up to the report that the final marker has been read. */
    private String finalise(String id, long changes) throws Exception {
        String gate = passGate(id, changes);
        services.report(
                apply(id, ApplyPhase.FINALISED, changes).setHeldMarker(gate).setFinalisedFor(gate));
        await().until(() -> services.wanted(id).getFinalMarker() != null);
        services.report(
                apply(id, ApplyPhase.FINALISED, changes)
                        .setHeldMarker(gate)
                        .setFinalisedFor(gate)
                        .setFinalMarker(services.wanted(id).getFinalMarker())
                        .setFinalMarkerLsn(77));
        return gate;
    }

    private void stand(String id, long changes, String marker) throws Exception {
        services.report(capture(id, CapturePhase.STREAMING, changes).setMarker(marker));
        services.report(apply(id, ApplyPhase.HELD, changes).setHeldMarker(marker));
    }

    private String awaitMarker(String id) {
        await().until(() -> services.wanted(id).getGateMarker() != null);
        DatabaseMigration wanted = services.wanted(id);
        return java.util.Objects.requireNonNull(wanted.getGateMarker());
    }

    private Api.Answer applyNow() {
        try {
            return post("apply", "{\"confirm\":true}");
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private Api.Answer create(String migration) throws Exception {
        Api.Answer created = api.post("/api/v1/migrations", body(migration));
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        return created;
    }

    private String body(String migration) {
        String endpoint =
                "{\"host\":\"127.0.0.1\",\"port\":%d,\"user\":\"postgres\",\"password\":\"%s\",\"sslMode\":\"disable\"}"
                        .formatted(server.port(), PASSWORD);
        return "{\"name\":\"%s\",\"source\":%s,\"target\":%s,\"databases\":[{\"source\":\"%s\",\"target\":\"%s_t\"}]}"
                .formatted(migration, endpoint, endpoint, migration, migration);
    }

    private void assertRefused(String body, int status, String named) throws Exception {
        Api.Answer refused = api.post("/api/v1/migrations", body);
        assertThat(refused.status()).as(refused.text()).isEqualTo(status);
        assertThat(refused.body().path("code").asText()).isEqualTo("REQUEST_INVALID");
        assertThat(refused.body().path("what").asText()).contains(named);
    }

    private Api.Answer post(String action, String body) throws Exception {
        return api.post("/api/v1/migrations/" + name + "/databases/" + name + "/" + action, body);
    }

    private JsonNode database() throws Exception {
        return api.get("/api/v1/migrations/" + name + "/databases/" + name).body();
    }

    private Set<String> topics() throws Exception {
        try (var admin = KafkaSettings.at(broker.bootstrapServers()).admin()) {
            return admin.listTopics().names().get().stream().collect(Collectors.toSet());
        }
    }

    private void startControl() {
        context =
                Main.start(
                        Map.of(
                                "godwit.kafka.bootstrap-servers",
                                broker.bootstrapServers(),
                                "godwit.keyset",
                                keyset,
                                "godwit.token",
                                Api.TOKEN,
                                "micronaut.server.port",
                                -1));
        api = new Api(context.getBean(EmbeddedServer.class).getURI());
    }

    private void restartControl() {
        context.close();
        startControl();
    }
}
