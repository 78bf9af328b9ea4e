// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.cutover;

import dev.godwit.schemas.DatabaseMigration;

/**
 * What control does next for one database migration. Each can be repeated after a crash at any
 * point.
 */
sealed interface Step {
    /** Nothing: somebody else moves next. */
    record Stay() implements Step {}

    /** Both databases are checked, on another thread. */
    record Assess() implements Step {}

    /** Source and target are compared, on another thread. */
    record Compare() implements Step {}

    /** The topics are dropped, then this becomes the desired state. */
    record DropTopics(DatabaseMigration then) implements Step {}

    /** This becomes the desired state. */
    record Want(DatabaseMigration next) implements Step {}
}
