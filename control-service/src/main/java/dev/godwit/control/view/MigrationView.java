// SPDX-License-Identifier: Apache-2.0
package dev.godwit.control.view;

import dev.godwit.control.security.AuditFilter;
import io.micronaut.serde.annotation.Serdeable;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A migration as JSON: one run from one source server to one target server. No password is ever in
 * it.
 */
@Serdeable
public record MigrationView(
        String id,
        String project,
        String name,
        Instant createdOn,
        ServerView source,
        ServerView target,
        SettingsView settings,
        List<String> tables,
        String activityStatus,
        List<DatabaseView> databases)
        implements AuditFilter.Described {

    @Override
    public String auditKey() {
        return id;
    }

    @Override
    public String auditReason() {
        return "";
    }

    /** Where a server is. */
    @Serdeable
    public record ServerView(
            String host, int port, String user, String sslMode, Map<String, String> parameters) {}

    /** How fast. */
    @Serdeable
    public record SettingsView(
            int loadWorkers, int lanes, long loadBacklogBytesMax, long rowBytesMax) {}
}
