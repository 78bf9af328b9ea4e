// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Speaks to the control service as a script would. */
final class Api {
    static final String TOKEN = "a-token-for-tests-only";

    private final URI base;
    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    Api(URI base) {
        this.base = base;
    }

    record Answer(int status, String text, JsonNode body) {}

    Answer get(String path) throws IOException, InterruptedException {
        return send(authorized(path).GET().build());
    }

    Answer post(String path, String body) throws IOException, InterruptedException {
        return send(
                authorized(path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build());
    }

    Answer send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        boolean isJson =
                response.headers()
                        .firstValue("Content-Type")
                        .orElse("")
                        .startsWith("application/json");
        return new Answer(
                response.statusCode(),
                response.body(),
                isJson ? json.readTree(response.body()) : json.nullNode());
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(base.resolve(path));
    }

    private HttpRequest.Builder authorized(String path) {
        return request(path).header("Authorization", "Bearer " + TOKEN);
    }
}
