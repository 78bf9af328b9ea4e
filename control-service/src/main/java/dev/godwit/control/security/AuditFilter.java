// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.security;

import io.micronaut.http.HttpMethod;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.ResponseFilter;
import io.micronaut.http.annotation.ServerFilter;
import java.util.Optional;

/** Writes down every request that could change something, the refused ones too. */
@ServerFilter("/api/**")
public class AuditFilter {
    /** What a body says about itself for the audit. */
    public interface Described {
        /** The migration it is about, empty if none. */
        String auditKey();

        /** The code of a refusal, empty if none. */
        String auditReason();
    }

    private static final String MIGRATIONS = "/api/v1/migrations/";
    private static final String DATABASES = "/databases/";

    private final AuditLog audit;

    public AuditFilter(AuditLog audit) {
        this.audit = audit;
    }

    /** Called with every answer, a failure's included. */
    @ResponseFilter
    public void note(HttpRequest<?> request, HttpResponse<?> response) {
        if (request.getMethod() == HttpMethod.GET || request.getMethod() == HttpMethod.HEAD) {
            return;
        }
        String path = request.getPath();
        Optional<Described> body =
                response.getBody().filter(Described.class::isInstance).map(Described.class::cast);
        String migration =
                path.startsWith(MIGRATIONS)
                        ? path.substring(MIGRATIONS.length()).split("/", 2)[0]
                        : body.map(Described::auditKey).orElse("");
        int database = path.indexOf(DATABASES);
        String who =
                response.code() == io.micronaut.http.HttpStatus.UNAUTHORIZED.getCode()
                        ? "unknown"
                        : "operator";
        audit.write(
                who,
                request.getMethodName() + " " + path,
                migration,
                database < 0
                        ? Optional.empty()
                        : Optional.of(
                                path.substring(database + DATABASES.length()).split("/", 2)[0]),
                response.code(),
                body.map(Described::auditReason).orElse(""));
    }
}
