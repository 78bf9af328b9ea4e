// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.view;

import dev.godwit.control.security.AuditFilter;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.Failure;
import io.micronaut.serde.annotation.Serdeable;

/**
 * Every failure, of a request or of a migration: a code of the catalogue, what happened, and what
 * to do next.
 */
@Serdeable
public record ErrorBody(String code, String what, String remedy) implements AuditFilter.Described {
    public static ErrorBody of(ErrorCode code, String what) {
        return new ErrorBody(code.name(), what, code.remedy());
    }

    public static ErrorBody of(MigrationException e) {
        return new ErrorBody(e.code().name(), e.what(), e.remedy());
    }

    public static ErrorBody of(Failure failure) {
        return new ErrorBody(failure.getCode(), failure.getWhat(), failure.getRemedy());
    }

    @Override
    public String auditKey() {
        return "";
    }

    @Override
    public String auditReason() {
        return code;
    }
}
