// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.api;

import dev.godwit.control.view.ErrorBody;
import dev.godwit.postgres.ErrorCode;
import io.micronaut.context.annotation.Primary;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.server.exceptions.response.Error;
import io.micronaut.http.server.exceptions.response.ErrorContext;
import io.micronaut.http.server.exceptions.response.ErrorResponseProcessor;
import jakarta.inject.Singleton;
import java.util.stream.Collectors;

/**
 * Gives what the framework itself refuses (no such route, no JSON, too large) the same body as
 * every other failure.
 */
@Singleton
@Primary
public class ErrorBodies implements ErrorResponseProcessor<ErrorBody> {
    @Override
    public MutableHttpResponse<ErrorBody> processResponse(
            ErrorContext errorContext, MutableHttpResponse<?> baseResponse) {
        HttpStatus status = baseResponse.status();
        ErrorCode code =
                switch (status) {
                    case UNAUTHORIZED, FORBIDDEN -> ErrorCode.UNAUTHORIZED;
                    case NOT_FOUND -> ErrorCode.NOT_FOUND;
                    default ->
                            status.getCode() >= HttpStatus.INTERNAL_SERVER_ERROR.getCode()
                                    ? ErrorCode.INTERNAL
                                    : ErrorCode.REQUEST_INVALID;
                };
        return HttpResponse.<ErrorBody>status(status)
                .headers(headers ->
                        baseResponse
                                .getHeaders()
                                .forEach((name, values) ->
                                        values.forEach(value -> headers.add(name, value))))
                .body(ErrorBody.of(code, what(errorContext, status)))
                .contentType(MediaType.APPLICATION_JSON_TYPE);
    }

    private static String what(ErrorContext context, HttpStatus status) {
        String request =
                context.getRequest().getMethodName() + " " + context.getRequest().getPath();
        if (status.getCode() >= HttpStatus.INTERNAL_SERVER_ERROR.getCode()) {
            return request + ": the request failed";
        }
        String errors =
                context.getErrors().stream()
                        .map(ErrorBodies::text)
                        .collect(Collectors.joining("; "));
        return request + ": " + (errors.isEmpty() ? status.getReason() : errors);
    }

    private static String text(Error error) {
        return error.getPath().map(path -> path + ": ").orElse("") + error.getMessage();
    }
}
