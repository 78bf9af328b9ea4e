// SPDX-License-Identifier: Apache-2.0
package dev.godwit.apply.sync;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * Opens a session on the target, with our settings fixed and triggers silent where the role may.
 */
@FunctionalInterface
public interface SessionOpener {
    /** A session in autocommit. */
    Connection open(String applicationName) throws SQLException;
}
