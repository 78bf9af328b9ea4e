// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.api;

import dev.godwit.control.view.ErrorBody;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.server.exceptions.ExceptionHandler;
import jakarta.inject.Singleton;

/** Answers a refusal with its own status. */
@Singleton
public class MigrationExceptionHandler
        implements ExceptionHandler<MigrationException, HttpResponse<ErrorBody>> {
    @Override
    public HttpResponse<ErrorBody> handle(HttpRequest request, MigrationException exception) {
        return HttpResponse.status(status(exception.code())).body(ErrorBody.of(exception));
    }

    @SuppressWarnings("MissingCasesInEnumSwitch")
    static HttpStatus status(ErrorCode code) {
        return switch (code) {
            case REQUEST_INVALID, CONFIRM_MISSING -> HttpStatus.BAD_REQUEST;
            case UNAUTHORIZED -> HttpStatus.UNAUTHORIZED;
            case NOT_FOUND -> HttpStatus.NOT_FOUND;
            case BROKER_FAILED -> HttpStatus.SERVICE_UNAVAILABLE;
            case INTERNAL -> HttpStatus.INTERNAL_SERVER_ERROR;
            default -> HttpStatus.CONFLICT;
        };
    }
}
