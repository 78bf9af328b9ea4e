// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.wal;

import dev.godwit.capture.publish.ChangeLog;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.MigrationException;
import dev.godwit.schemas.MarkerKind;
import java.time.Clock;
import java.util.Optional;

/**
 * Streams the WAL of one source database from its slot {@code godwit_<id>} (pgoutput, publication {@code godwit_<id>},
 * both made by others) into its log, until closed. It heals by itself from everything that may pass; what does not is
 * in {@link #failure()} and ends it, then the owner makes a new one once the operator has retried. Heartbeats and
 * guards are its own.
 */
public final class WalStream implements AutoCloseable {
    /** The log must have begun ({@link ChangeLog#begin}, now or by a former owner). */
    public WalStream(
            ConnectionSettings source,
            String databaseId,
            ChangeLog log,
            TableRouting routing,
            WalSettings settings,
            Clock clock) {
        later();
    }

    /** Returns at once; streaming goes on in threads of its own. */
    public void start() {
        later();
    }

    /**
     * Writes a marker into the source's WAL. It stands in the log once {@link ChangeLog#progress()} shows its id; ask
     * again if it does not appear within some seconds (asking twice for one id does no harm).
     *
     * @throws MigrationException if the source does not take it
     */
    public void requestMarker(MarkerKind kind, String id) {
        later();
    }

    /** WAL up to here is received and, so far as it held changes of ours, in the log. */
    public long receivedLsn() {
        return later();
    }

    /** Why nothing flows. An AUTOMATIC one is being healed and goes away by itself; any other has ended the stream. */
    public Optional<MigrationException> failure() {
        return later();
    }

    /** Whether the log refused this owner: close all that is this owner's. */
    public boolean fenced() {
        return later();
    }

    /** Ends within seconds, with every connection of ours to the source closed. Repeats change nothing. */
    @Override
    public void close() {
        later();
    }

    @SuppressWarnings("TypeParameterUnusedInFormals")
    private static <T> T later() {
        throw new UnsupportedOperationException();
    }
}
