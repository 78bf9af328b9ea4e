// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.security;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import io.micronaut.core.annotation.Order;
import io.micronaut.core.order.Ordered;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpMethod;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.micronaut.http.cookie.Cookie;
import io.micronaut.http.cookie.SameSite;
import java.net.URI;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets nobody in without the token, from wherever. Programs send it as a bearer token. A browser
 * may bring it once as ?token=... and keeps it in a cookie that no script reads and no other site
 * sends; the cookie opens pages and reads, never a change.
 */
@ServerFilter(ServerFilter.MATCH_ALL_PATTERN)
@Order(Ordered.HIGHEST_PRECEDENCE)
public class AccessFilter {
    private static final Set<String> OPEN =
            Set.of("/health", "/health/liveness", "/health/readiness", "/login");
    private static final String COOKIE = "godwit-token";
    private static final String PARAMETER = "token";

    private final ApiToken token;

    public AccessFilter(ApiToken token) {
        this.token = token;
    }

    /** Null lets the request pass. */
    @RequestFilter
    public @Nullable HttpResponse<?> check(HttpRequest<?> request) {
        boolean reading =
                request.getMethod() == HttpMethod.GET || request.getMethod() == HttpMethod.HEAD;
        if ((reading && OPEN.contains(request.getPath()))
                || token.inHeader(
                        request.getHeaders().get(HttpHeaders.AUTHORIZATION, String.class, ""))) {
            return null;
        }
        if (reading
                && request.getCookies()
                        .findCookie(COOKIE)
                        .map(Cookie::getValue)
                        .filter(token::is)
                        .isPresent()) {
            return null;
        }
        if (reading && token.is(request.getParameters().get(PARAMETER, String.class, ""))) {
            return HttpResponse.seeOther(
                            URI.create(
                                    request.getPath().startsWith("//") ? "/" : request.getPath()))
                    .cookie(cookie(request.isSecure()));
        }
        if (reading
                && !request.getPath().startsWith("/api/")
                && request.accept().stream().anyMatch(type -> type.getName().equals("text/html"))) {
            return HttpResponse.seeOther(URI.create("/login"));
        }
        throw new MigrationException(
                ErrorCode.UNAUTHORIZED,
                "%s %s came without the API token"
                        .formatted(request.getMethodName(), request.getPath()));
    }

    private Cookie cookie(boolean secure) {
        return Cookie.of(COOKIE, token.reveal())
                .path("/")
                .httpOnly(true)
                .secure(secure)
                .sameSite(SameSite.Strict);
    }
}
