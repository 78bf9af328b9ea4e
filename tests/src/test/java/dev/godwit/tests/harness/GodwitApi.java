// SPDX-License-Identifier: Apache-2.0
package dev.godwit.tests.harness;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;

/** Control's REST API, spoken by a plain HTTP client: what an operator's own script would do. */
public final class GodwitApi implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient client = HttpClient.newHttpClient();
    private final Supplier<URI> address;
    private final String token;

    GodwitApi(Supplier<URI> address, String token) {
        this.address = address;
        this.token = token;
    }

    /** An answer: the HTTP status and the body as JSON. */
    public record Reply(int status, JsonNode body) {
        public String code() {
            return body.path("code").asText();
        }

        public String remedy() {
            return body.path("remedy").asText();
        }
    }

    public Reply create(Object specification) {
        return post("/api/v1/migrations", specification);
    }

    public Reply list() {
        return get("/api/v1/migrations");
    }

    public Reply show(String migration) {
        return get("/api/v1/migrations/" + path(migration));
    }

    public Reply showDatabase(String migration, String database) {
        return get("/api/v1/migrations/" + path(migration) + "/databases/" + path(database));
    }

    /** One of reload, cutover, apply, cancel, retry. */
    public Reply act(String migration, String database, String action, Map<String, ?> body) {
        return post(
                "/api/v1/migrations/"
                        + path(migration)
                        + "/databases/"
                        + path(database)
                        + "/"
                        + action,
                body);
    }

    public Reply get(String path) {
        return send(request(path).GET().build());
    }

    /** As get, but without the token. */
    public int statusWithoutToken(String path) {
        return send(HttpRequest.newBuilder(address.get().resolve(path))
                        .timeout(PATIENCE)
                        .GET()
                        .build())
                .status();
    }

    @Override
    public void close() {
        client.close();
    }

    private Reply post(String path, Object body) {
        try {
            return send(
                    request(path)
                            .header("Content-Type", "application/json")
                            .POST(
                                    HttpRequest.BodyPublishers.ofString(
                                            JSON.writeValueAsString(body)))
                            .build());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(address.get().resolve(path))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + token);
    }

    private Reply send(HttpRequest request) {
        try {
            HttpResponse<String> response =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            return new Reply(response.statusCode(), parse(response.body()));
        } catch (IOException e) {
            throw new ApiUnreachableException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode parse(String body) {
        try {
            return body.isEmpty() ? JSON.createObjectNode() : JSON.readTree(body);
        } catch (JsonProcessingException notJson) {
            return JSON.createObjectNode().put("text", body);
        }
    }

    private static String path(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Control does not answer: it is being started, or it was killed. */
    static final class ApiUnreachableException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ApiUnreachableException(IOException cause) {
            super(cause);
        }
    }
}
