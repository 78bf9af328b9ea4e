// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.Finding;
import dev.godwit.schemas.FindingResult;

/**
 * What one check found.
 *
 * @param id of the check, for example source.wal-level
 * @param code of the failure it would be; a passed check names the one it looked for
 * @param remedy the exact statement where there is one
 */
record CheckFinding(String id, FindingResult result, ErrorCode code, String what, String remedy) {
    static CheckFinding passed(String id, ErrorCode lookedFor, String what) {
        return new CheckFinding(id, FindingResult.PASSED, lookedFor, what, "");
    }

    static CheckFinding warning(String id, ErrorCode code, String what, String remedy) {
        return new CheckFinding(id, FindingResult.WARNING, code, what, remedy);
    }

    static CheckFinding failed(String id, ErrorCode code, String what) {
        return new CheckFinding(id, FindingResult.FAILED, code, what, code.remedy());
    }

    static CheckFinding failed(String id, ErrorCode code, String what, String remedy) {
        return new CheckFinding(id, FindingResult.FAILED, code, what, remedy);
    }

    static CheckFinding failed(String id, MigrationException e) {
        return new CheckFinding(id, FindingResult.FAILED, e.code(), e.what(), e.remedy());
    }

    Finding toAvro() {
        return new Finding(id, result, what, remedy);
    }
}
