// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.console;

import dev.godwit.control.cutover.Migrations;
import dev.godwit.control.view.Views;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Hidden;
import java.util.Map;

/**
 * The status page and the page that asks for the token. It shows what the API answers, and changes
 * nothing.
 */
@Controller
@ExecuteOn(TaskExecutors.BLOCKING)
@Hidden
public class ConsoleController {
    /** No script at all, no other site's frame, nothing loaded from elsewhere. */
    private static final String POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    private final TemplateEngine pages;
    private final Migrations migrations;
    private final Views views;

    public ConsoleController(TemplateEngine pages, Migrations migrations, Views views) {
        this.pages = pages;
        this.migrations = migrations;
        this.views = views;
    }

    @Get(produces = MediaType.TEXT_HTML)
    public HttpResponse<String> status() {
        var shown = migrations.all().stream().map(migration -> views.of(migration, true)).toList();
        return page("status.jte", Map.of("migrations", shown, "text", new PageText()));
    }

    @Get(uri = "/login", produces = MediaType.TEXT_HTML)
    public HttpResponse<String> login() {
        return page("login.jte", Map.of());
    }

    private HttpResponse<String> page(String name, Map<String, Object> model) {
        var output = new StringOutput();
        pages.render(name, model, output);
        return HttpResponse.ok(output.toString())
                .header("Content-Security-Policy", POLICY)
                .header("X-Content-Type-Options", "nosniff")
                .header("Referrer-Policy", "no-referrer")
                .header("Cache-Control", "no-store");
    }
}
