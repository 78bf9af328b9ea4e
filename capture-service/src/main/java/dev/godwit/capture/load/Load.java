// SPDX-License-Identifier: Apache-2.0
package dev.godwit.capture.load;

import dev.godwit.capture.crash.CrashPoint;
import dev.godwit.capture.publish.OwnerFencedException;
import dev.godwit.capture.source.Slots;
import dev.godwit.capture.source.Snapshot;
import dev.godwit.capture.source.SourceCatalog;
import dev.godwit.capture.source.SourceTable;
import dev.godwit.postgres.ErrorCode;
import dev.godwit.postgres.LargeObjects;
import dev.godwit.postgres.MigrationException;
import dev.godwit.postgres.TableName;
import dev.godwit.schemas.Attempt;
import dev.godwit.schemas.CaptureTablePhase;
import dev.godwit.schemas.SchemaChange;
import dev.godwit.schemas.TableLoad;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The full load of one database migration by one owner: rounds of attempts until every table's end
 * is recorded, and again whenever apply says that an attempt is broken.
 */
public final class Load implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Load.class);
    private static final Duration NEWS_MOST = Duration.ofMillis(100);
    private static final Duration BACKOFF_LEAST = Duration.ofMillis(500);
    private static final Duration BACKOFF_MOST = Duration.ofSeconds(10);

    private final LoadContext context;
    private final Map<TableName, TableLoad> loads = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private final RoundSnapshots snapshots;
    private final Joining joining;
    private final Routes routes;
    private volatile boolean fenced;
    private volatile @Nullable MigrationException failure;
    private final Map<TableName, AttemptProgress> attempts = new ConcurrentHashMap<>();
    private final UnseenTruncates truncates;

    public Load(LoadContext context) {
        this.context = context;
        this.snapshots = new RoundSnapshots(context);
        this.joining = new Joining(context, snapshots);
        this.routes = new Routes(context, loads);
        this.loads.putAll(context.log().recovered().loads());
        this.truncates = new UnseenTruncates(context.source(), context.clock());
        this.thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("load-" + context.source().id())
                        .unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    /** Whether the stream has begun: slot and publication stand, and the log knows it. */
    public boolean begun() {
        return snapshots.begun();
    }

    /** Whether the log refused this owner: close all that is this owner's. */
    public boolean fenced() {
        return fenced;
    }

    /** The transactions that slot creation waits for. */
    public List<String> waitingFor() {
        return snapshots.waitingFor();
    }

    /**
     * Why tables do not load. An AUTOMATIC one goes away by itself; any other has ended the load.
     */
    public Optional<MigrationException> failure() {
        return Optional.ofNullable(failure);
    }

    /** By target table; all tables from the first attempts on. */
    public Map<TableName, TableProgress> tables() {
        var tables = new HashMap<TableName, TableProgress>();
        loads.forEach((target, load) -> tables.put(target, progress(load, attempts.get(target))));
        return tables;
    }

    /** The oids of the source tables whose changes the stream takes, as they are recorded. */
    public Map<TableName, Long> oids() {
        return routes.oids();
    }

    /** The target table of each of them. */
    public Map<TableName, TableName> targets() {
        return routes.targets();
    }

    /**
     * Whether the stream is to take other tables' changes: it has to end between two transactions,
     * then {@link #reroute} tells which.
     */
    public boolean wantsReroute() {
        return routes.changeWanted();
    }

    /**
     * Records what {@link #oids} and {@link #targets} tell from here on. Only between two
     * transactions of the source, while nobody streams.
     */
    public void reroute() throws InterruptedException {
        routes.change();
    }

    /** As {@link #tables()}, when nothing runs. */
    public static Map<TableName, TableProgress> recorded(Map<TableName, TableLoad> loads) {
        var tables = new HashMap<TableName, TableProgress>();
        loads.forEach((target, load) -> tables.put(target, progress(load, null)));
        return tables;
    }

    /** The newest of the operator's wishes that {@link #finished} knows of. */
    public int newestWish() {
        return context.selection().get().newestWish();
    }

    /** Whether every table's end is recorded, every wish granted, and what has left let go. */
    public boolean finished() {
        Selection selection = context.selection().get();
        return begun() && due(selection).isEmpty() && !routes.obsolete(selection);
    }

    /** Ends it with all its sessions. Repeats change nothing. */
    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        truncates.close();
    }

    private static TableProgress progress(TableLoad load, @Nullable AttemptProgress attempt) {
        TableLoad copy = TableLoad.newBuilder(load).build();
        long estimate = attempt == null ? -1 : attempt.rowsEstimate();
        if (copy.getEnded()) {
            return new TableProgress(
                    copy, CaptureTablePhase.READ, estimate, copy.getRows(), copy.getBytes());
        }
        return attempt != null && attempt.load().getAttempt().equals(copy.getAttempt())
                ? new TableProgress(
                        copy, CaptureTablePhase.READING, estimate, attempt.rows(), attempt.bytes())
                : new TableProgress(copy, CaptureTablePhase.WAITING, estimate, 0, 0);
    }

    private void run() {
        Duration backoff = BACKOFF_LEAST;
        while (closing.getCount() > 0) {
            try {
                if (begun()) {
                    truncates.look(loads.values());
                }
                Selection selection = context.selection().get();
                List<TableName> due = due(selection);
                if (due.isEmpty()) {
                    if (routes.obsolete(selection)) {
                        letGo(selection);
                    }
                    failure = null;
                    backoff = BACKOFF_LEAST;
                    context.grants().awaitNews(NEWS_MOST);
                    continue;
                }
                round(selection, due);
                backoff = BACKOFF_LEAST;
            } catch (OwnerFencedException e) {
                fenced = true;
                return;
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                if (closing.getCount() == 0) {
                    return;
                }
                MigrationException known = explain(e);
                failure = known;
                if (!report(known)) {
                    return;
                }
                try {
                    if (closing.await(backoff.toMillis(), TimeUnit.MILLISECONDS)) {
                        return;
                    }
                } catch (InterruptedException closed) {
                    return;
                }
                backoff =
                        backoff.multipliedBy(2).compareTo(BACKOFF_MOST) < 0
                                ? backoff.multipliedBy(2)
                                : BACKOFF_MOST;
            }
        }
    }

    private static MigrationException explain(RuntimeException e) {
        if (e instanceof MigrationException known) {
            return known;
        }
        return e instanceof KafkaException
                ? new MigrationException(
                        ErrorCode.BROKER_FAILED, "the load topic: " + e.getMessage(), e)
                : new MigrationException(ErrorCode.INTERNAL, "the load ended: " + e, e);
    }

    /** Whether it may pass by itself. */
    private boolean report(MigrationException e) {
        boolean passing = e.code().retry() == ErrorCode.Retry.AUTOMATIC;
        (passing ? LOG.atWarn() : LOG.atError())
                .setCause(e)
                .addKeyValue("migration", context.source().id())
                .addKeyValue("code", e.code())
                .log(passing ? "tables are loaded again" : "the load ended");
        return passing;
    }

    /**
     * Target tables without an end, whose attempt apply calls broken, that were truncated unseen,
     * or that the operator wants anew; a stream begins with all.
     */
    private List<TableName> due(Selection selection) {
        if (!begun()) {
            return selection.targets();
        }
        return selection.targets().stream()
                .filter(target -> {
                    TableLoad load = loads.get(target);
                    return load == null
                            || !load.getEnded()
                            || selection.wish(target) > load.getWish()
                            || truncates.found(target)
                            || context.grants()
                                    .broken(target)
                                    .filter(load.getAttempt()::equals)
                                    .isPresent();
                })
                .toList();
    }

    private void round(Selection selection, List<TableName> due) throws InterruptedException {
        try (Connection session = context.source().open("load")) {
            List<TableName> looked = begun() ? routes.withUnrecorded(selection, due) : List.of();
            Map<TableName, SourceTable> before = catalog(session, selection, looked);
            boolean others =
                    Joining.differ(looked, selection, loads, before) || routes.obsolete(selection);
            List<SchemaChange> joined =
                    others ? joining.join(session, selection, loads, before) : List.of();
            // It proves that this owner is the newest: only that one may drop a slot.
            List<TableLoad> asked = ask(selection, due);
            if (!begun()) {
                new Slots(context.source()).dropMain(session);
            }
            awaitGrants(asked);
            context.crashPoints().reach(CrashPoint.AFTER_GRANT);
            if (others) {
                asked = routes.await(selection, asked, before, joined);
            }
            Map<TableName, SourceTable> catalog = catalog(session, selection, due);
            try (Snapshot snapshot = snapshots.make(session, selection, asked, catalog)) {
                context.crashPoints().reach(CrashPoint.AFTER_BEGIN);
                failure = null;
                load(session, selection, snapshot, asked, catalog);
            }
        } catch (SQLException e) {
            throw context.source().failed("preparing the load", e);
        }
    }

    /** Nothing is loaded anew where tables only leave. */
    private void letGo(Selection selection) throws InterruptedException {
        try (Connection session = context.source().open("load")) {
            Map<TableName, SourceTable> unrecorded =
                    catalog(session, selection, routes.withUnrecorded(selection, List.of()));
            routes.await(selection, List.of(), unrecorded, List.of());
        } catch (SQLException e) {
            throw context.source().failed("letting tables go", e);
        }
    }

    /** The tables as they are now. */
    private static Map<TableName, SourceTable> catalog(
            Connection session, Selection selection, List<TableName> targets) throws SQLException {
        var catalog = new HashMap<>(SourceCatalog.read(session, selection.sourcesOf(targets)));
        selection
                .carried()
                .forEach((name, part) ->
                        catalog.computeIfPresent(name, (same, table) -> table.carrying(part)));
        catalog.computeIfPresent(LargeObjects.NAME, (name, table) -> LargeObjectRows.of(table));
        return catalog;
    }

    private void load(
            Connection session,
            Selection selection,
            Snapshot snapshot,
            List<TableLoad> asked,
            Map<TableName, SourceTable> catalog)
            throws SQLException, InterruptedException {
        Map<TableName, MigrationException> failures;
        try (Admin admin = context.kafka().admin();
                var topic =
                        new LoadTopic(
                                context.kafka(),
                                context.source().id(),
                                context.settings().blockBytes());
                var round =
                        new LoadRound(
                                context,
                                selection,
                                snapshot,
                                topic,
                                new Backlog(admin, context.settings().backlogBytesMax()))) {
            snapshot.begin(session);
            round.plan(session, asked, catalog);
            session.rollback();
            session.setAutoCommit(true);
            attempts.putAll(round.attempts());
            failures = round.run();
        }
        throwWorst(failures.values());
    }

    /** What needs an operator before what passes by itself. */
    private static void throwWorst(Collection<MigrationException> failures) {
        Optional<MigrationException> lasting =
                failures.stream()
                        .filter(e -> e.code().retry() != ErrorCode.Retry.AUTOMATIC)
                        .findFirst();
        Optional<MigrationException> worst = lasting.or(() -> failures.stream().findFirst());
        if (worst.isPresent()) {
            throw worst.get();
        }
    }

    /** The next attempt of each table, recorded. */
    private List<TableLoad> ask(Selection selection, List<TableName> due)
            throws InterruptedException {
        Instant now = context.clock().instant();
        var asked = new ArrayList<TableLoad>();
        for (TableName target : due) {
            TableLoad former = loads.get(target);
            int number = former == null ? 1 : former.getAttempt().getNumber() + 1;
            Instant since =
                    former == null || former.getStartedOn() == null ? now : former.getStartedOn();
            asked.add(
                    new TableLoad(
                            target.toAvro(),
                            new Attempt(number, context.log().epoch()),
                            null,
                            false,
                            0L,
                            0L,
                            since,
                            null,
                            former == null ? List.of() : former.getSources(),
                            List.of(),
                            selection.wish(target)));
        }
        context.log().record(asked);
        truncates.loadedAgain(due);
        asked.forEach(load -> loads.put(TableName.of(load.getTarget()), load));
        context.crashPoints().reach(CrashPoint.AFTER_ASK);
        return asked;
    }

    private void awaitGrants(List<TableLoad> asked) throws InterruptedException {
        for (TableLoad load : asked) {
            TableName target = TableName.of(load.getTarget());
            while (context.grants().granted(target).filter(load.getAttempt()::equals).isEmpty()) {
                if (closing.getCount() == 0) {
                    throw new InterruptedException("closed");
                }
                if (!context.selection().get().targets().contains(target)) {
                    throw new MigrationException(
                            ErrorCode.LOAD_INTERRUPTED, "table " + target + " travels no longer");
                }
                context.grants().awaitNews(NEWS_MOST);
            }
        }
    }
}
