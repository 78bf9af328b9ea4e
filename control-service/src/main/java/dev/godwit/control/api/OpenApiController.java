// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.api;

import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Hidden;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The description of this API, made from the controllers when they are compiled. */
@Controller("/api/v1/openapi.yml")
@ExecuteOn(TaskExecutors.BLOCKING)
@Hidden
public class OpenApiController {
    private static final String RESOURCE = "/META-INF/swagger/godwit.yml";

    @Get(produces = "application/yaml")
    public HttpResponse<String> document() throws IOException {
        try (InputStream document = OpenApiController.class.getResourceAsStream(RESOURCE)) {
            return document == null
                    ? HttpResponse.notFound()
                    : HttpResponse.ok(new String(document.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
