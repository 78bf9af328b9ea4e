// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.assessment;

import java.sql.SQLException;
import java.util.List;

/** One question asked before the start. It reads, and changes nothing on either side. */
interface Check {
    /** At least one finding: what passed is said too. */
    List<CheckFinding> run(Databases databases) throws SQLException;
}
