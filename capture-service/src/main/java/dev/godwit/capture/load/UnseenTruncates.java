// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.source.SourceCatalog;
import dev.godwit.capture.source.SourceDatabase;
import dev.godwit.postgres.ConnectionSettings;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.SourceRelation;
import dev.godwit.schemas.TableLoad;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tables of a server before 11 whose file is another than the one that was loaded: such a server's
 * logical decoding tells of no TRUNCATE, but a TRUNCATE gives the table a new file (so does a
 * rewrite, which is told from it by nothing). They are due to be loaded again. Servers from 11 on
 * are not looked at.
 */
final class UnseenTruncates implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UnseenTruncates.class);
    private static final int TRUNCATE_STREAMED = 11;
    private static final Duration EVERY = Duration.ofSeconds(1);

    private final SourceDatabase source;
    private final Clock clock;
    private final Set<TableName> found = ConcurrentHashMap.newKeySet();
    private Instant lookedOn = Instant.EPOCH;
    private @Nullable Connection session;
    private boolean needless;

    UnseenTruncates(SourceDatabase source, Clock clock) {
        this.source = source;
        this.clock = clock;
    }

    /** Whether this target table's rows were truncated unseen. Any thread may ask. */
    boolean found(TableName target) {
        return found.contains(target);
    }

    /** Their next attempts are asked for. */
    void loadedAgain(Collection<TableName> targets) {
        found.removeAll(targets);
    }

    /** Looks at the tables whose load has ended, at most once in a while; one thread only. */
    void look(Collection<TableLoad> loads) {
        Instant now = clock.instant();
        if (needless || now.isBefore(lookedOn.plus(EVERY))) {
            return;
        }
        lookedOn = now;
        try {
            Connection open = session == null ? source.open("truncates") : session;
            session = open;
            needless = ConnectionSettings.version(open).atLeast(TRUNCATE_STREAMED);
            if (!needless) {
                compare(open, loads.stream().filter(TableLoad::getEnded).toList());
            }
        } catch (SQLException e) {
            // The stream says what ails the source; this is asked again.
            LOG.atDebug().setCause(e).log("the tables' files were not looked at");
            close();
        }
        if (needless) {
            close();
        }
    }

    private void compare(Connection open, List<TableLoad> loads) throws SQLException {
        Map<Long, Long> now =
                SourceCatalog.filenodes(
                        open,
                        loads.stream()
                                .flatMap(load -> load.getSources().stream())
                                .map(SourceRelation::getOid)
                                .toList());
        for (TableLoad load : loads) {
            List<SourceRelation> sources = load.getSources();
            List<Long> loaded = load.getFilenodes();
            for (int i = 0; i < loaded.size(); i++) {
                Long file = now.get(sources.get(i).getOid());
                if (file != null && !file.equals(loaded.get(i))) {
                    TableName target = TableName.of(load.getTarget());
                    found.add(target);
                    LOG.atWarn()
                            .addKeyValue("migration", source.id())
                            .addKeyValue("table", target)
                            .log("a table was truncated or rewritten unseen: it is loaded again");
                }
            }
        }
    }

    @Override
    public void close() {
        Connection open = session;
        session = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException broken) {
                LOG.atDebug().setCause(broken).log("a session closed badly");
            }
        }
    }
}
