// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Calls of the REST API below {@code /api/v1}. Every refusal is a {@link RefusedException} with the
 * server's own words.
 */
public final class ControlClient {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration CONNECT = Duration.ofSeconds(5);

    /** Apply waits for its marker up to 10 s. */
    private static final Duration ANSWER = Duration.ofSeconds(60);

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT).build();
    private final URI server;
    private final String token;

    /**
     * @param server for example http://127.0.0.1:8080
     */
    public ControlClient(URI server, String token) {
        this.server = server;
        this.token = token;
    }

    public URI server() {
        return server;
    }

    public List<MigrationStatus> migrations() throws InterruptedException {
        var migrations = new ArrayList<MigrationStatus>();
        JsonNode answer = send("GET", "/migrations", null);
        (answer.isArray() ? answer : answer.path("migrations"))
                .forEach(each -> migrations.add(new MigrationStatus(each)));
        return migrations;
    }

    public MigrationStatus migration(String id) throws InterruptedException {
        return new MigrationStatus(send("GET", "/migrations/" + encoded(id), null));
    }

    /** Creates a migration; it starts by itself when its checks have passed. */
    public MigrationStatus create(ObjectNode request) throws InterruptedException {
        return new MigrationStatus(send("POST", "/migrations", request));
    }

    public void startCutover(String id, String database, boolean fence)
            throws InterruptedException {
        act(id, database, "cutover", JSON.createObjectNode().put("fence", fence));
    }

    /**
     * Confirms that the application stands still.
     *
     * @throws RefusedException with {@link RefusedException#conflict()} while a committed change
     *     may be unapplied
     */
    public void apply(String id, String database) throws InterruptedException {
        act(id, database, "apply", JSON.createObjectNode().put("confirm", true));
    }

    public void cancel(String id, String database) throws InterruptedException {
        act(id, database, "cancel", JSON.createObjectNode());
    }

    public void retry(String id, String database) throws InterruptedException {
        act(id, database, "retry", JSON.createObjectNode());
    }

    /**
     * Has source tables loaded anew, or for the first time.
     *
     * @param tables as schema.table
     * @param add whether tables that are not selected may be among them
     */
    public void reload(String id, String database, List<String> tables, boolean add)
            throws InterruptedException {
        ObjectNode body = JSON.createObjectNode().put("add", add);
        tables.forEach(body.putArray("tables")::add);
        act(id, database, "reload", body);
    }

    private void act(String id, String database, String action, ObjectNode body)
            throws InterruptedException {
        send(
                "POST",
                "/migrations/" + encoded(id) + "/databases/" + encoded(database) + "/" + action,
                body);
    }

    private JsonNode send(String method, String path, @Nullable ObjectNode body)
            throws InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(server.resolve("/api/v1" + path))
                        .timeout(ANSWER)
                        .header("Authorization", "Bearer " + token)
                        .header("Accept", "application/json")
                        .header("Content-Type", "application/json")
                        .method(
                                method,
                                body == null
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofString(body.toString()))
                        .build();
        try {
            HttpResponse<String> response =
                    http.send(request, BodyHandlers.ofString(StandardCharsets.UTF_8));
            return answer(response);
        } catch (IOException e) {
            throw new RefusedException(
                    0,
                    new Trouble(
                            "SERVER_UNREACHABLE",
                            "nobody answers at " + server,
                            "Start godwit migrate again, or give the address with --url."),
                    e);
        }
    }

    private static JsonNode answer(HttpResponse<String> response) {
        JsonNode json = parsed(response.body());
        if (response.statusCode() / 100 == 2) {
            return json;
        }
        Trouble trouble = Trouble.of(json);
        throw new RefusedException(
                response.statusCode(),
                trouble.code().isEmpty() ? unexplained(response) : trouble,
                null);
    }

    private static Trouble unexplained(HttpResponse<String> response) {
        return response.statusCode() == 401
                ? new Trouble(
                        "UNAUTHORIZED",
                        "the server does not know this token",
                        "Send the API token: --token, or --data-dir.")
                : new Trouble(
                        "INTERNAL",
                        "the server answered " + response.statusCode(),
                        "Read the server's log.");
    }

    private static JsonNode parsed(String body) {
        try {
            return JSON.readTree(body.isEmpty() ? "{}" : body);
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode();
        }
    }

    private static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
