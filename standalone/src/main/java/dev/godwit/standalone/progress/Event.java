// SPDX-License-Identifier: Apache-2.0
package dev.godwit.standalone.progress;

import dev.godwit.standalone.api.DatabaseStatus.LoadProgress;
import dev.godwit.standalone.api.Trouble;

/** Something that happened to one database migration. */
public sealed interface Event {
    /** The source database's name. */
    String database();

    /** It is in a new state, one of the API's words. */
    record State(String database, String state) implements Event {}

    /** The full load went on. */
    record Load(String database, LoadProgress progress) implements Event {}

    /** All tables are loaded and the changes caught up: the cutover may start. */
    record ReadyToCutover(String database) implements Event {}

    /** How far the target is behind. */
    record Pending(
            String database,
            long pendingChanges,
            long uncapturedWalBytes,
            long appliedChanges,
            long latencyMillis)
            implements Event {}

    /** Apply was granted: from here on nothing more of the source is applied. */
    record CutoverApplied(String database) implements Event {}

    /** Proven equal, and the source is free. */
    record Completed(String database, long rows, int tables, long loadMillis, long outageMillis)
            implements Event {}

    /** It stands still until somebody acts. */
    record Failed(String database, Trouble trouble) implements Event {}

    /** The cutover did not come about; the migration goes on as before. */
    record CutoverRefused(String database, Trouble trouble) implements Event {}

    /** Something the operator must know and nothing stops for. */
    record Note(String database, String text) implements Event {}
}
