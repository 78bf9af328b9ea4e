// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.ServerVersion;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.StreamState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether the source is still the server, and its slot still the slot, that the log goes on
 * from. Debezium hides a lost slot or waits for it; so this looks before each start and again and
 * again meanwhile.
 */
final class SourceGuard {
    private static final Logger LOG = LoggerFactory.getLogger(SourceGuard.class);

    /** The number of each table that is not as it was, and whether its name is another's. */
    private static final String TABLES =
            """
            SELECT number, other FROM (
              SELECT w.number, coalesce(pg_catalog.to_regclass(w.name)::oid <> w.oid::oid, false) AS other,
                     EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = w.oid::oid) AND NOT EXISTS (
                       SELECT FROM pg_catalog.pg_publication p
                        JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid
                       WHERE p.pubname = ? AND r.prrelid = w.oid::oid) AS unpublished
                FROM ROWS FROM (pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::int8[])) WITH ORDINALITY AS w (name, oid, number)) looked
             WHERE other OR unpublished ORDER BY number LIMIT 1
            """;

    private final String slot;
    private final Pattern walsender;
    private final long epoch;

    SourceGuard(String databaseId, String slot, long epoch) {
        this.slot = slot;
        this.walsender =
                Pattern.compile("godwit " + Pattern.quote(databaseId) + " capture-wal (\\d{1,18})");
        this.epoch = epoch;
    }

    /**
     * @param log what is committed to the log at the moment of asking
     * @throws MigrationException SLOT_LOST, LOG_BEHIND_SLOT or SOURCE_CHANGED
     */
    void check(Connection source, Supplier<StreamState> log) throws SQLException {
        // Before the server's WAL end is read: the log may move meanwhile.
        StreamState state = log.get();
        SourceIdentity identity = SourceIdentity.read(source);
        if (!identity.systemIdentifier().equals(state.getSystemIdentifier())) {
            throw new MigrationException(
                    ErrorCode.SOURCE_CHANGED,
                    "the server's system identifier is %s, the migration began with %s"
                            .formatted(identity.systemIdentifier(), state.getSystemIdentifier()));
        }
        if (identity.timeline() != state.getTimeline()) {
            throw new MigrationException(
                    ErrorCode.SOURCE_CHANGED,
                    "the server is on timeline %d, the migration began on %d"
                            .formatted(identity.timeline(), state.getTimeline()));
        }
        if (Long.compareUnsigned(state.getFlushableLsn(), identity.insertLsn()) > 0) {
            throw new MigrationException(
                    ErrorCode.SOURCE_CHANGED,
                    "the server's WAL ends at %s, the log already holds it up to %s: the server was set back"
                            .formatted(text(identity.insertLsn()), text(state.getFlushableLsn())));
        }
        checkSlot(source, log);
    }

    /**
     * Looks whether changes of the selected tables still arrive: each name belongs to its table or
     * to none, and each table that exists is published.
     *
     * @throws MigrationException SCHEMA_CHANGED
     */
    void checkTables(Connection source, Map<TableName, Long> selected) throws SQLException {
        if (selected.isEmpty()) {
            return;
        }
        List<Map.Entry<TableName, Long>> tables = List.copyOf(selected.entrySet());
        try (PreparedStatement query = source.prepareStatement(TABLES)) {
            query.setString(1, slot);
            query.setArray(
                    2,
                    source.createArrayOf(
                            "text", tables.stream().map(t -> t.getKey().quoted()).toArray()));
            query.setArray(
                    3,
                    source.createArrayOf(
                            "int8", tables.stream().map(Map.Entry::getValue).toArray()));
            try (ResultSet row = query.executeQuery()) {
                if (row.next()) {
                    TableName table = tables.get(row.getInt(1) - 1).getKey();
                    if (row.getBoolean(2)) {
                        throw SelectedTables.another(table);
                    }
                    throw new MigrationException(
                            ErrorCode.SCHEMA_CHANGED,
                            "table %s was taken out of publication %s".formatted(table, slot),
                            "Its changes since then are not captured: cancel this migration and start a fresh one.",
                            null);
                }
            }
        }
    }

    /**
     * Ends the walsender of an older owner, or of this owner's former engine, if it still holds the
     * slot. Only to be called while no engine of ours runs.
     */
    void endFormerWalsender(Connection source) throws SQLException {
        try (PreparedStatement holder =
                source.prepareStatement(
                        """
                        SELECT a.pid, a.application_name
                        FROM pg_catalog.pg_replication_slots s JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid
                        WHERE s.slot_name = ?
                        """)) {
            holder.setString(1, slot);
            try (ResultSet row = holder.executeQuery()) {
                while (row.next()) {
                    Matcher name = walsender.matcher(row.getString(2));
                    if (name.matches() && Long.parseLong(name.group(1)) <= epoch) {
                        end(source, row.getInt(1));
                    }
                }
            }
        }
    }

    private void end(Connection source, int pid) throws SQLException {
        LOG.atInfo().addKeyValue("slot", slot).log("ending the former owner's session on the slot");
        try (PreparedStatement end =
                source.prepareStatement("SELECT pg_catalog.pg_terminate_backend(?)")) {
            end.setInt(1, pid);
            end.executeQuery().close();
        }
    }

    private void checkSlot(Connection source, Supplier<StreamState> log) throws SQLException {
        ServerVersion version = ConnectionSettings.version(source);
        String status = version.atLeast(13) ? "wal_status" : "'reserved'";
        String invalidation = version.atLeast(17) ? "invalidation_reason" : "NULL::text";
        try (PreparedStatement query =
                source.prepareStatement(
                        """
                        SELECT plugin, database = pg_catalog.current_database(), (confirmed_flush_lsn - '0/0'::pg_lsn)::bigint, %s, %s
                        FROM pg_catalog.pg_replication_slots WHERE slot_name = ?
                        """
                                .formatted(status, invalidation))) {
            query.setString(1, slot);
            try (ResultSet row = query.executeQuery()) {
                if (!row.next()) {
                    throw new MigrationException(
                            ErrorCode.SLOT_LOST, "slot %s is gone".formatted(slot));
                }
                if (!"pgoutput".equals(row.getString(1)) || !row.getBoolean(2)) {
                    throw new MigrationException(
                            ErrorCode.SLOT_LOST,
                            "slot %s is not ours: its plugin or database is another"
                                    .formatted(slot));
                }
                String reason = row.getString(5);
                if (reason != null) {
                    throw new MigrationException(
                            ErrorCode.SLOT_LOST,
                            "slot %s is invalidated (%s)".formatted(slot, reason));
                }
                checkWalStatus(row.getString(4));
                long confirmed = row.getLong(3);
                // After the slot was read: it follows the log.
                long flushable = log.get().getFlushableLsn();
                if (Long.compareUnsigned(confirmed, flushable) > 0) {
                    throw new MigrationException(
                            ErrorCode.LOG_BEHIND_SLOT,
                            "slot %s is confirmed up to %s, the log is complete only up to %s"
                                    .formatted(slot, text(confirmed), text(flushable)));
                }
            }
        }
    }

    private void checkWalStatus(@Nullable String status) {
        if (status == null || status.equals("lost")) {
            throw new MigrationException(
                    ErrorCode.SLOT_LOST,
                    "the source has removed WAL that slot %s still needs".formatted(slot));
        }
        if (status.equals("unreserved")) {
            LOG.atWarn()
                    .addKeyValue("slot", slot)
                    .log("the source may remove WAL that the slot still needs");
        }
    }

    /** As PostgreSQL writes it. */
    private static String text(long lsn) {
        return "%X/%X".formatted(lsn >>> 32, lsn & 0xFFFF_FFFFL);
    }
}
