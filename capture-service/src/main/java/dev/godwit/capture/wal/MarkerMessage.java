// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.schemas.MarkerKind;
import java.util.Optional;

/**
 * What we write into the source's WAL by pg_logical_emit_message: markers, and heartbeats that
 * nobody reads.
 */
record MarkerMessage(String prefix) {
    static final String HEARTBEAT = "HEARTBEAT";

    /** A marker that somebody asked for. */
    record Asked(MarkerKind kind, String id) {}

    static MarkerMessage of(String databaseId) {
        return new MarkerMessage("godwit_" + databaseId);
    }

    boolean isOurs(String otherPrefix) {
        return prefix.equals(otherPrefix);
    }

    static String text(MarkerKind kind, String id) {
        return kind.name() + " " + id;
    }

    /** The marker in a message's content; empty for a heartbeat. */
    Optional<Asked> read(String content) {
        int space = content.indexOf(' ');
        if (space < 0) {
            return Optional.empty();
        }
        String kind = content.substring(0, space);
        for (MarkerKind known : MarkerKind.values()) {
            if (known.name().equals(kind)) {
                return Optional.of(new Asked(known, content.substring(space + 1)));
            }
        }
        return Optional.empty();
    }
}
